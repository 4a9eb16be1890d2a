/**
 * The page's timeline: entries that are never changed, and waits that entries wake. Nothing polls.
 *
 * Every entry is JSON-safe: {at, kind, ...}, `at` in milliseconds of performance.now().
 */

export const log = [];
const listeners = new Set();

/** Add an entry. */
export function record(kind, detail = {}) {
  const at = Math.round(performance.now() * 1000) / 1000;
  const entry = { at, kind, ...detail };
  for (const key in entry) {
    if (typeof entry[key] === "string") entry[key] = wellFormed(entry[key]);
  }
  const index = log.push(entry) - 1;
  for (const listener of listeners) listener(entry, index);
}

/** Call back with every new (entry, index); returns how to stop. */
export function watch(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Entries from an index on. */
export const read = (from = 0) => log.slice(from);

/** A lone surrogate cannot travel as UTF-8: it becomes U+FFFD, which can be seen. */
function wellFormed(text) {
  return text.toWellFormed ? text.toWellFormed() : new TextDecoder().decode(new TextEncoder().encode(text));
}

/** A predicate for one entry: every key equal, an array meaning "one of", {min: n} meaning at least n. */
function matcher(match) {
  const tests = Object.entries(match).map(([key, wanted]) => {
    if (Array.isArray(wanted)) return (entry) => wanted.includes(entry[key]);
    if (wanted !== null && typeof wanted === "object") return (entry) => entry[key] >= wanted.min;
    return (entry) => entry[key] === wanted;
  });
  return (entry) => tests.every((holds) => holds(entry));
}

/**
 * Wait until `count` entries from index `from` on match, or `ms` have passed. Nothing polls: entries wake the wait.
 * With `until_over` the wait also ends, not met, when what it waits for is over: the transport, or on a page with many
 * streams the one that `match` names.
 * Resolves with {met, index, next, waited_ms}: the index of the entry that met it (null when not met, or count 0),
 * and where to read or wait on from. Throws without `ms`: a wait needs a budget. `over()` says whether it is over already.
 */
export function wait(match, { from = 0, count = 1, ms, until_over = false }, over = () => false) {
  if (!(ms >= 0)) throw new Error(`wait: ms; expected milliseconds, got ${ms}`);
  const began = performance.now();
  const holds = matcher(match);
  return new Promise((resolve) => {
    let missing = count;
    let timer = null;
    const finish = (met, index = null) => {
      listeners.delete(look);
      clearTimeout(timer);
      const next = index === null ? log.length : index + 1;
      resolve({ met, index, next, waited_ms: performance.now() - began });
    };
    const look = (entry, index) => {
      if (index >= from && holds(entry)) missing -= 1;
      if (missing === 0) finish(true, index);
      else if (until_over && entry.kind === "over" && entry.stream === match.stream) finish(false);
    };
    if (count === 0) return finish(true);
    for (let index = from; index < log.length && missing > 0; index += 1) {
      if (holds(log[index])) missing -= 1;
      if (missing === 0) finish(true, index);
    }
    if (missing === 0) return;
    if (until_over && over()) return finish(false);
    listeners.add(look);
    timer = setTimeout(() => finish(false), ms);
  });
}

/** Write errors that nobody handled into the timeline. */
export function recordUncaught() {
  addEventListener("error", ({ message, filename, lineno }) => {
    record("uncaught", { because: `${message} (${filename}:${lineno})` });
  });
  addEventListener("unhandledrejection", ({ reason }) => record("uncaught", { because: String(reason) }));
}

/** Which transports the engine has, by asking for the APIs; "unknown-api" asks for one that nobody has. */
export function supports() {
  const has = (name) => typeof globalThis[name] === "function";
  const readable = () => typeof new Response("x").body?.getReader === "function";
  return {
    eventsource: has("EventSource"),
    "fetch-stream": has("fetch") && has("AbortController") && has("TextDecoder") && readable(),
    websocket: has("WebSocket"),
    "unknown-api": has("PneumaticTubeSource"),
  };
}
