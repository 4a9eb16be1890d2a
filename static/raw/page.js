/**
 * The raw page: any number of raw streams by name, as `window.probe`. Verbs take one argument each; see streams.js for
 * what streams emit. Every entry names its stream. Further kinds:
 *
 *   sent {stream, chars, buffered, state} · send-failed {stream, because}
 *   closing {stream, state}        the page called close; state is what it led to at once
 *   state {stream, state}          what `states` found
 *   fetched {name, status, took_ms, text | because}
 *   blocked {took_ms}              the main thread was busy
 *   refused {stream, name, because}   a constructor, or close, threw an error of that name; a stream never made is over
 *   restored {}                    the document was left and is shown again as it was, by the back/forward cache
 *   thread {stream, longest_ms, ticks}   how long the main thread kept a timer waiting at most, see clocks.js
 *
 * Streams in workers and frames: see elsewhere.js. What else an engine has: see apis.js.
 */

import { log, read, record, recordUncaught, supports, wait, watch } from "../timeline.js";
import { verbs as clocks } from "./clocks.js";
import { verbs as elsewhere } from "./elsewhere.js";
import { OPENERS } from "./streams.js";

const BASE = new URL("/", location.href).href;
const MOST_RANDOM = 65536; // bytes that getRandomValues gives at once
const streams = new Map();

/** Whether the last that was said of a stream is that it is over. */
const isOver = (name) => {
  const last = log.findLast(({ kind, stream }) => stream === name && (kind === "opening" || kind === "over"));
  return last?.kind === "over";
};

const absolute = (url) => new URL(url, BASE).href;
const named = (name) => {
  if (!streams.has(name)) throw new Error(`stream ${name}: was never opened; expected one of ${[...streams.keys()]}`);
  return streams.get(name);
};

/** A stream that can send: asking another is the scenario's mistake, not the engine's answer. */
const sender = (name) => {
  const stream = named(name);
  if (!stream.send) throw new Error(`stream ${name}: cannot send; expected a WebSocket`);
  return stream;
};

/** Bytes that no compression makes less of. */
function random(size) {
  const bytes = new Uint8Array(size);
  for (let from = 0; from < size; from += MOST_RANDOM) crypto.getRandomValues(bytes.subarray(from, from + MOST_RANDOM));
  return bytes;
}

const verbs = {
  ...clocks,

  /** Open a stream: {name, transport, url, ...}; the rest is the transport's, see streams.js. `at_once` closes it, too. */
  open({ name, transport, at_once, ...options }) {
    const emit = (kind, detail) => record(kind, { stream: name, ...detail });
    const opener = OPENERS[transport];
    if (!opener) throw new Error(`stream ${name}: transport ${transport}; expected one of ${Object.keys(OPENERS)}`);
    const url = absolute(options.url);
    try {
      streams.set(name, opener({ ...options, url }, emit));
    } catch (error) {
      emit("refused", { name: error.name, because: String(error) });
      return emit("over", { because: String(error) });
    }
    if (at_once) verbs.close({ name });
  },

  openAll: (all) => all.forEach(verbs.open),

  /**
   * Open streams one after the other; each has its turn until an entry of a kind of `until`, and is closed then.
   * Together they have `ms`.
   */
  async inTurn({ streams: turns, until, ms }) {
    const end = performance.now() + ms;
    for (const options of turns) {
      const from = log.length;
      verbs.open(options);
      const left = Math.max(0, end - performance.now());
      await wait({ kind: [...until, "over"], stream: options.name }, { from, ms: left });
      streams.get(options.name)?.close();
    }
  },

  /** Open one of the project's own transports, with or without its policy: {name, transport, base, channel}. */
  async channel({ name, transport, ...options }) {
    const { connect } = await import("./channels.js");
    const emit = (kind, { seq = null, type = null, state = null, because = null } = {}) =>
      record(kind, { stream: name, ...(kind === "message" ? { seq, type } : { state, because }) });
    streams.set(name, connect(transport, options, emit));
  },

  /** Ask for APIs beside those of the streams, see apis.js: {group, urls, ms}. */
  async apis(wanted) {
    const { askFor } = await import("./apis.js");
    await askFor(wanted, record);
  },

  /** Call close; `code` and `reason` for a WebSocket. */
  close({ name, code, reason }) {
    const stream = named(name);
    try {
      stream.close(code, reason);
    } catch (error) {
      record("refused", { stream: name, name: error.name, because: String(error) });
    }
    record("closing", { stream: name, state: stream.state() });
  },

  /** Send a text, or `bytes` random bytes, `times` times; what is buffered afterwards is recorded. */
  send({ name, text = "", bytes = 0, times = 1 }) {
    const stream = sender(name);
    const message = bytes ? random(bytes) : text;
    try {
      for (let number = 0; number < times; number += 1) stream.send(message);
      record("sent", { stream: name, chars: text.length, bytes, times, buffered: stream.buffered(), state: stream.state() });
    } catch (error) {
      record("send-failed", { stream: name, because: String(error) });
    }
  },

  /** Send a text on a WebSocket again and again, by a timer: a heartbeat of the page's. It ends with the document. */
  sendEvery({ name, text, every_ms }) {
    const stream = sender(name);
    setInterval(() => stream.send(text), every_ms); // once it is closed, that does nothing (WebSockets standard)
  },

  /** Echo round trips on a WebSocket, one after the other; resolves when all are back: round-trip {stream, ms} each. */
  async echo({ name, times, ms }) {
    const stream = sender(name);
    for (let number = 0; number < times; number += 1) {
      const began = performance.now();
      const from = log.length;
      try {
        stream.send(`echo ${number}`);
      } catch (error) {
        return record("send-failed", { stream: name, because: String(error) });
      }
      const { met } = await wait({ kind: "message", stream: name, text: `echo ${number}` }, { from, ms });
      if (!met) return;
      record("round-trip", { stream: name, ms: performance.now() - began });
    }
  },

  /** The same by POST: one request after the other. */
  async post({ name, url, times, ms }) {
    for (let number = 0; number < times; number += 1) {
      const began = performance.now();
      try {
        const signal = AbortSignal.timeout(ms);
        const answer = await fetch(absolute(url), { method: "POST", body: `echo ${number}`, cache: "no-store", signal });
        await answer.text();
        record("round-trip", { stream: name, ms: performance.now() - began });
      } catch (error) {
        record("send-failed", { stream: name, because: String(error) });
        return;
      }
    }
  },

  /** One request by fetch, its answer read as text; not waited for: the entry is `fetched`. */
  fetch({ name, url, ms, ...options }) {
    const began = performance.now();
    const signal = AbortSignal.timeout(ms);
    const told = (detail) => record("fetched", { name, took_ms: performance.now() - began, ...detail });
    fetch(absolute(url), { cache: "no-store", signal, ...options })
      .then(async (answer) => told({ status: answer.status, text: (await answer.text()).slice(0, 80) }))
      .catch((error) => told({ status: null, because: String(error) }));
  },

  /** Keep the main thread busy. */
  block(ms) {
    const began = performance.now();
    while (performance.now() - began < ms);
    record("blocked", { took_ms: performance.now() - began });
  },

  /** Write down the state of every stream. */
  states() {
    for (const [stream, { state }] of streams) record("state", { stream, state: state() });
  },

  /** Write down what a stream that tallies has counted. */
  tell: (name) => named(name).tell(),

  /** Write down what a WebSocket has not sent yet. */
  buffered(name) {
    record("buffered", { stream: name, bytes: named(name).buffered(), state: named(name).state() });
  },

  ...elsewhere,

  wait: ([match, options]) => wait(match, options, () => "stream" in match && isOver(match.stream)),
  read: () => null,
};

window.probe = Object.freeze({ verbs, read, record, log, supports, watch });
window.name = "";
recordUncaught();
addEventListener("pageshow", ({ persisted }) => persisted && record("restored"));
