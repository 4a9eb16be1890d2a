/**
 * CRC-32 (ISO-HDLC, the one of zip and PNG) of a string's UTF-16LE code units.
 *
 * Code units, not UTF-8: a lone surrogate has a code unit but no UTF-8, and unchanged means unchanged.
 * Python says the same with `zlib.crc32(text.encode("utf-16-le", "surrogatepass"))`.
 */

const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** The checksum as an unsigned 32-bit number; 0 for the empty string. */
export function crc32(text) {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    crc = (crc >>> 8) ^ TABLE[(crc ^ unit) & 0xff];
    crc = (crc >>> 8) ^ TABLE[(crc ^ (unit >>> 8)) & 0xff];
  }
  return (crc ^ 0xffffffff) >>> 0;
}
