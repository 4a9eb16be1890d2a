/**
 * The probe: one timeline, and the same verbs for every transport, as `window.probe`.
 *
 * A driver opens a transport, waits for entries, reads them; the page decides nothing. Every entry is
 * JSON-safe: {at, kind, ...}, `at` in milliseconds of performance.now(). The kinds:
 *
 *   opening {transport, attempt, resume}   a connection is asked for by us: constructor or fetch call
 *   open {}                                the API says open (fetch: a good response)
 *   message {seq, type, ts, epoch, chars, crc, text, …}  an envelope, with the epoch of the last hello; chars and
 *                                          crc describe a string, null otherwise;
 *                                          hello adds resume, heartbeat_ms, retry_ms; gap from, to, reason
 *   error {state, because?}                state: readyState's name at that moment, null for fetch
 *   close {code, reason, clean}            WebSocket's close; the end of a fetch body with code null
 *   state {state}                          readyState changed, as seen at an open, error or close
 *   status {status}                        an HTTP status other than 200, where it can be seen
 *   over {because}                         the transport will never open again by itself
 *   sent {chars, crc, seq, took_ms} · send-failed {because}
 *   uncaught {because}                     an error nobody handled
 * and from the resilient policy
 *   silence {idle_ms} · backoff {delay_ms, attempt} · dropped {seq} · gave-up {because} · wake {because}
 */

import { crc32 } from "./crc32.js";
import * as eventsource from "./transports/eventsource.js";
import * as fetchStream from "./transports/fetch-stream.js";
import { resilient } from "./transports/resilient.js";
import * as websocket from "./transports/websocket.js";
import { log, read, record as write, recordUncaught, supports, wait, watch } from "./timeline.js";

const TRANSPORTS = {
  eventsource: eventsource.connect,
  "fetch-stream": fetchStream.connect,
  websocket: websocket.connect,
};
const BASE = new URL("..", import.meta.url).href; // the app that serves this page, behind a prefix or not
const PREVIEW_CHARS = 120;
const KEPT = { hello: ["resume", "heartbeat_ms", "retry_ms"], gap: ["from", "to", "reason"] };

/** The entry after which a bare transport is over for good, by its own standard; a resilient one gives up. */
const OVER = {
  eventsource: (kind, { state }) => kind === "error" && state === "CLOSED" && "EventSource is CLOSED",
  "fetch-stream": (kind, { because, reason }) => (kind === "error" || kind === "close") && (because ?? reason),
  websocket: (kind, { code }) => kind === "close" && `WebSocket is CLOSED, code ${code}`,
};
const gaveUp = (kind, { because }) => kind === "gave-up" && `gave up: ${because}`;

let epoch = null; // of the last hello
let over = false; // the transport that was opened last

/** Add an entry; of a message what is kept of its envelope. */
const record = (kind, detail = {}) => write(kind, kind === "message" ? digest(detail) : detail);

/** What is kept of an envelope: enough to prove that it came unchanged, not the payload itself. */
function digest({ seq = null, type, ts = null, data = null }) {
  if (type === "hello") epoch = data?.epoch ?? null;
  const text = typeof data === "string" ? data : null;
  const kept = { seq, type, ts, epoch, chars: text?.length ?? null, crc: text === null ? null : crc32(text) };
  kept.text = JSON.stringify(text === null ? data : text.slice(0, PREVIEW_CHARS)).slice(0, PREVIEW_CHARS);
  for (const key of KEPT[type] ?? []) kept[key] = data?.[key] ?? null;
  return kept;
}

// ---- the verbs

let live = null;
let turn = 0; // of the transport that may still write to the timeline

/**
 * Open a transport, closing the one before. `transport`: eventsource, fetch-stream, websocket, each also with "+".
 * `since`: a resume point to begin from. `policy`: figures of the resilient policy to replace.
 * Returns the index of the first entry it wrote.
 */
function open({ transport, channel, token = null, since = null, base = BASE, policy = {} }) {
  const bare = TRANSPORTS[transport.replace(/\+$/, "")];
  if (!bare) throw new Error(`transport: unknown ${transport}; expected ${Object.keys(TRANSPORTS)}, or with a +`);
  close();
  turn += 1;
  [epoch, over] = [null, false];
  const mine = turn;
  const first = log.length;
  const wrapped = transport.endsWith("+");
  const connect = wrapped ? resilient(bare, policy) : bare;
  const isOver = wrapped ? gaveUp : OVER[transport];
  const end = (because) => {
    over = true;
    record("over", { because });
  };
  try {
    live = connect({ base, channel, token, since, transport }, (kind, detail) => {
      if (mine !== turn) return;
      record(kind, detail);
      const because = isOver(kind, detail);
      if (because) end(because);
    });
  } catch (error) {
    record("error", { state: null, because: String(error) }); // the constructor refused the address
    end(String(error));
  }
  return first;
}

/** Send one uplink message; resolves with whether the transport took it. The entry `send-failed` says why not. */
async function send(data) {
  const began = performance.now();
  try {
    if (live === null) throw new Error("nothing is open");
    const { seq = null } = await live.send(data);
    const text = typeof data === "string" ? data : null;
    const took_ms = performance.now() - began;
    record("sent", { chars: text?.length ?? null, crc: text === null ? null : crc32(text), seq, took_ms });
    return true;
  } catch (error) {
    record("send-failed", { because: String(error) });
    return false;
  }
}

/** Close the transport for good. A WebSocket's closing handshake is still recorded when it ends. */
function close() {
  live?.close();
  live = null;
}

const waitFor = (match, options) => wait(match, options, () => over);

window.probe = Object.freeze({
  open,
  send,
  close,
  wait: waitFor,
  supports,
  log,
  read,
  watch,
  /** What a driver may ask for, each with one argument. */
  verbs: { open, send, wait: ([match, options]) => waitFor(match, options), read: () => null },
  /** The page's clock: now, its origin in epoch ms, and the system's clock at the same moment. */
  clock: () => ({ performance_now: performance.now(), time_origin: performance.timeOrigin, date_now: Date.now() }),
});

window.name = ""; // the one thing that outlives a navigation: a page starts without a past
recordUncaught();

if (location.hash !== "#driven") await import("./hand.js");
