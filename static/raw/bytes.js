/** Bytes: what they sum up to, and how they come out of a text. */

const MODULUS = 65521; // RFC 1950, section 8.2

/** The Adler-32 of bytes behind those that gave `sum`; Python says the same with `zlib.adler32(content, sum)`. */
export function adler32(content, sum = 1) {
  let low = sum & 0xffff;
  let high = sum >>> 16;
  for (let index = 0; index < content.length; index += 1) {
    low = (low + content[index]) % MODULUS;
    high = (high + low) % MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}

/** The bytes that a text in base64 stands for. */
export function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const content = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index += 1) content[index] = letters.charCodeAt(index);
  return content;
}
