/**
 * What all transports share: addresses, the envelope, and the uplink beside a one-way stream.
 *
 * An envelope is {"seq": integer, "ts": epoch ms, "type": string, "data": anything}, the same bytes on SSE and
 * WebSocket. Every connection begins with one of type "hello".
 */

const UPLINK_MS = 10_000; // an uplink that is not answered by then has failed

/**
 * The address of a place under `base` (an http(s) URL; a path in it is kept, so an app behind a prefix works).
 * Query values that are null, undefined or empty are left out.
 */
export function address(base, place, query = {}) {
  const url = new URL(place, base.endsWith("/") ? base : `${base}/`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

/** Read one message: {envelope}, or {because} with the beginning of what is not one. Never throws. */
export function readEnvelope(text) {
  let envelope = null;
  try {
    envelope = JSON.parse(text);
  } catch {
    // said below, with the text
  }
  if (typeof envelope?.type === "string") return { envelope };
  return { because: `not an envelope; expected a JSON object with a type, got ${String(text).slice(0, 80)}` };
}

/**
 * Publish one uplink message by POST, the way up beside a one-way stream.
 * Resolves with {seq}; rejects with an Error when the answer is not 2xx or does not come within 10 s.
 */
export async function post({ base, channel, token }, data) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(address(base, `channels/${encodeURIComponent(channel)}/messages`), {
    method: "POST",
    headers,
    body: JSON.stringify({ data }),
    cache: "no-store",
    signal: AbortSignal.timeout(UPLINK_MS),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`POST: HTTP ${response.status} ${answer.error ?? ""}`.trim());
  return { seq: answer.seq ?? null };
}
