/** Timeline entries and phases in words: the same sentences for the log, the badge and the screen reader. */

/** What each transport is, one sentence for somebody who chooses. */
export const ABOUT = {
  eventsource: "Server-sent events by the browser: reconnects and resumes by itself, but cannot notice silence.",
  "fetch-stream": "The same stream read by fetch: sees status and headers; after a break it stays closed.",
  websocket: "Both ways over one connection; after a break it stays closed and hides why.",
  "eventsource+": "EventSource under the policy: silence is noticed, repeats are removed, final answers are respected.",
  "fetch-stream+": "fetch under the policy: reconnects with backoff and resumes from the last message.",
  "websocket+": "WebSocket under the policy: reconnects with backoff and resumes from the last message.",
};

/** A phase in words; the badge has a shape and a colour for each, too. */
export const PHASES = {
  idle: "Not connected",
  connecting: "Connecting",
  open: "Open",
  silent: "Open, but silent",
  waiting: "Waiting to retry",
  closed: "Closed",
  "gave-up": "Gave up",
};

/** The phase after an entry, or null when it changes nothing. */
export function phaseAfter(entry) {
  switch (entry.kind) {
    case "opening":
      return "connecting";
    case "open":
      return "open";
    case "error":
      return entry.state === "CONNECTING" ? "connecting" : null; // EventSource tries again by itself
    case "backoff":
      return "waiting";
    case "gave-up":
      return "gave-up";
    case "over":
      return entry.because.startsWith("gave up") ? null : "closed";
    default:
      return null;
  }
}

const seconds = (ms) => (ms < 950 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`);

const CODES = {
  1000: "finished",
  1001: "going away",
  1005: "no code in the close frame",
  1006: "no close frame: the browser saw the connection die",
  1009: "too big",
  1012: "service restart",
  1013: "try again later",
  4400: "malformed",
  4401: "unauthorised",
  4404: "no such channel",
  4408: "too slow",
};

const STATUSES = {
  204: "nothing more will come",
  400: "malformed",
  401: "this channel wants a token",
  403: "not allowed",
  404: "no such channel",
  503: "not now",
};

const SENTENCES = {
  opening: ({ attempt, resume }) =>
    `Connecting${attempt > 1 ? ` for the ${ordinal(attempt)} time` : ""}${resume ? `, resuming after ${resume}` : ""}`,
  open: () => "Open",
  message: (entry) => ofMessage(entry),
  error: ({ state, because }) =>
    because ?? (state === "CONNECTING" ? "Connection lost; the browser will try again" : "Connection failed"),
  close: ({ code, reason, clean }) => {
    if (code === null) return "The stream ended";
    return `Closed with code ${code} (${reason || CODES[code] || "no reason given"})${clean ? "" : ", not clean"}`;
  },
  state: ({ state }) => `readyState ${state}`,
  status: ({ status }) => `HTTP ${status}${STATUSES[status] ? `: ${STATUSES[status]}` : ""}`,
  over: ({ because }) => `Over for good. ${explained(because)}`,
  sent: ({ seq, took_ms }) => `Sent${seq === null ? "" : `, became message ${seq}`} in ${seconds(took_ms ?? 0)}`,
  "send-failed": ({ because }) => `Not sent: ${because}`,
  silence: ({ idle_ms }) => `Silence: nothing came for ${seconds(idle_ms)}, so the connection is given up`,
  backoff: ({ delay_ms, attempt }) => `Waiting ${seconds(delay_ms)} before try ${attempt + 1}`,
  dropped: ({ seq }) => `Repeat of message ${seq} removed`,
  "gave-up": ({ because }) => explained(because),
  wake: ({ because }) => `Woken by ${because}: trying now`,
  uncaught: ({ because }) => `Uncaught: ${because}`,
  you: ({ because }) => because,
};

/** One entry as a sentence. */
export function describe(entry) {
  return SENTENCES[entry.kind]?.(entry) ?? entry.kind;
}

/** What ended a connection, with what its number means. */
function explained(because) {
  if (because === "EventSource is CLOSED") return "EventSource is CLOSED; the browser does not say why";
  const [, number] = /(?:HTTP|code) ([0-9]+)/.exec(because) ?? [];
  const means = STATUSES[number] ?? CODES[number];
  return means ? `${because}: ${means}` : because;
}

function ofMessage({ type, seq, text, resume, heartbeat_ms, retry_ms, from, to, reason }) {
  switch (type) {
    case "hello": {
      const beats = heartbeat_ms ? `a heartbeat every ${seconds(heartbeat_ms)}` : "no heartbeats";
      return `Hello: served from ${resume}, ${beats}${retry_ms === null ? "" : `, retry after ${seconds(retry_ms)}`}`;
    }
    case "heartbeat":
      return `Heartbeat, at message ${seq}`;
    case "gap":
      if (to < from) return `Gap (${reason}): a new numbering begins, all of it is still there`;
      return `Gap (${reason}): ${from === to ? `message ${from} is` : `messages ${from} to ${to} are`} gone for good`;
    default:
      return `#${seq} ${text}`;
  }
}

function ordinal(number) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" };
  return `${number}${ending[new Intl.PluralRules("en", { type: "ordinal" }).select(number)]}`;
}
