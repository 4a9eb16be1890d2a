/**
 * Raw streams: the three APIs as they are, nothing interpreted, nothing repaired. For pages and for workers.
 *
 * Each function takes {url, ...} and `emit(kind, detail)` and returns what can be done with the stream. The kinds:
 *
 *   opening {}                     the constructor, or fetch, is called now
 *   open {status?, protocol?, extensions?}
 *   message {at, type, id, seq, chars, crc, text, bytes?}   `at`: when it was handed over, before it was looked at;
 *                                  `seq` is the number that the text begins with, if it does
 *   error {state, because?}        state: readyState's name at that moment, null for fetch
 *   close {code, reason, clean}    WebSocket's close; the end of a fetch body with code null
 *   over {because}                by its own standard nothing more will come
 *   tally {count, chars, bytes, sum, gap_ms, wrong, first_ago_ms, last_ago_ms}   instead of messages, when asked for;
 *                                  `sum` is the Adler-32 of the bytes, `wrong` counts breaks in the numbering
 */

import { adler32, fromBase64 } from "./bytes.js";
import { crc32 } from "../crc32.js";
import { EventStreamParser } from "../transports/event-stream-parser.js";

const PREVIEW_CHARS = 80;
export const ES_STATES = ["CONNECTING", "OPEN", "CLOSED"];
export const WS_STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/** What is kept of a text; its CRC-32 takes some milliseconds a megabyte, which is too long where time counts. */
function digest(text, summed) {
  const seq = /^[0-9]+(?= |$)/.exec(text);
  const crc = summed ? crc32(text) : null;
  return { seq: seq && Number(seq[0]), chars: text.length, crc, text: text.slice(0, PREVIEW_CHARS) };
}

/**
 * Takes messages: each is emitted, or with `tally` only counted. `busy_ms` keeps the thread busy with each; `base64`
 * says that texts are bytes so written, `summed: false` leaves checksums out.
 */
function taker({ tally = false, busy_ms = 0, base64 = false, summed = true }, emit) {
  const sum = { count: 0, chars: 0, bytes: 0, sum: 1, gap_ms: 0, wrong: 0 };
  let [first, last, expected] = [null, null, null];
  const take = (text, detail, content = null) => {
    const now = performance.now();
    if (busy_ms) while (performance.now() - now < busy_ms); // a handler that takes its time
    if (!tally) {
      const bytes = content ? { bytes: content.length } : {};
      return emit("message", { at: now, ...digest(text, summed), ...bytes, ...detail });
    }
    count(text, content ?? (base64 ? fromBase64(text) : null));
    if (last !== null) sum.gap_ms = Math.max(sum.gap_ms, now - last);
    first ??= now;
    last = now;
  };
  const count = (text, content) => {
    sum.count += 1;
    sum.chars += text.length;
    if (content) {
      sum.bytes += content.length;
      sum.sum = adler32(content, sum.sum);
      return;
    }
    const seq = parseInt(text, 10);
    if (expected !== null && seq !== expected) sum.wrong += 1;
    expected = seq + 1;
  };
  const tell = () => {
    const ago = (at) => (at === null ? null : performance.now() - at);
    emit("tally", { ...sum, first_ago_ms: ago(first), last_ago_ms: ago(last) });
  };
  return { take, tell };
}

/**
 * A native EventSource. `types` are further event types to listen to; `late_ms` attaches listeners so long after `open`.
 * `headers` are handed to the constructor as people try it: no standard knows them there.
 */
function eventsource(options, emit) {
  const { url, credentials = false, headers, types = [], late_ms = null } = options;
  const { take, tell } = taker(options, emit);
  emit("opening");
  const source = new EventSource(url, { withCredentials: credentials, headers });
  const state = () => ES_STATES[source.readyState];
  let heard = late_ms === null; // whether the listeners are attached, or will be
  source.onopen = () => {
    emit("open", { state: state() });
    if (!heard) setTimeout(listen, late_ms);
    heard = true;
  };
  source.onerror = () => {
    emit("error", { state: state() });
    if (state() === "CLOSED") emit("over", { because: "EventSource is CLOSED" });
  };
  const listen = () => {
    for (const type of ["message", ...types]) {
      source.addEventListener(type, ({ data, lastEventId }) => {
        if (data !== undefined) take(data, { type, id: lastEventId }); // the engine's own error and open have none
      });
    }
  };
  if (late_ms === null) listen();
  return { state, tell, close: () => source.close() };
}

/**
 * A fetch whose body is read: as an event stream, or with `parse: false` chunk by chunk as text messages.
 * `pause_ms` waits before each read: a reader that is slow on purpose.
 */
function fetchStream(options, emit) {
  const { url, method = "GET", headers = {}, body, cache = "no-store", parse = true, pause_ms = 0 } = options;
  const init = { method, headers, body, cache, credentials: options.credentials ? "include" : "same-origin" };
  const { take, tell } = taker(options, emit);
  const abort = new AbortController();
  let state = "CONNECTING";
  const parser = new EventStreamParser(({ name, data, lastEventId }) => take(data, { type: name, id: lastEventId }));
  const decoder = new TextDecoder();
  async function read() {
    const response = await fetch(url, { ...init, signal: abort.signal });
    state = "OPEN";
    emit("open", { status: response.status, redirected: response.redirected });
    const reader = response.body?.getReader(); // none for a status without a body
    while (reader) {
      if (pause_ms) await new Promise((done) => setTimeout(done, pause_ms));
      const { done, value } = await reader.read();
      if (done) break;
      if (parse) parser.feed(value);
      else take(options.tally ? "" : decoder.decode(value, { stream: true }), {}, value);
    }
    state = "CLOSED";
    emit("close", { code: null, reason: "end of body", clean: true });
    emit("over", { because: "end of body" });
  }
  emit("opening");
  read().catch((error) => {
    state = "CLOSED";
    emit("error", { state: null, because: String(error) });
    emit("over", { because: String(error) });
  });
  return { state: () => state, tell, close: () => abort.abort() };
}

/**
 * A WebSocket. Binary messages count by their bytes; `late_ms` attaches the listener so long after `open`.
 * `headers` are tried in place of subprotocols, as for EventSource.
 */
function websocket(options, emit) {
  const { url, headers, protocols = headers ? { headers } : [], late_ms = null } = options;
  const { take, tell } = taker(options, emit);
  emit("opening");
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  const state = () => WS_STATES[socket.readyState];
  socket.onopen = () => {
    emit("open", { state: state(), protocol: socket.protocol, extensions: socket.extensions });
    if (late_ms !== null) setTimeout(listen, late_ms);
  };
  socket.onerror = () => emit("error", { state: state() });
  socket.onclose = ({ code, reason, wasClean }) => {
    emit("close", { code, reason, clean: wasClean });
    emit("over", { because: `WebSocket is CLOSED, code ${code}` });
  };
  const listen = () => {
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") take(data, {});
      else take("", {}, new Uint8Array(data));
    };
  };
  if (late_ms === null) listen();
  return {
    state,
    tell,
    buffered: () => socket.bufferedAmount,
    send: (data) => socket.send(data),
    close: (code, reason) => (code === undefined ? socket.close() : socket.close(code, reason)),
  };
}

export const OPENERS = { eventsource, "fetch-stream": fetchStream, websocket };
