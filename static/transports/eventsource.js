/**
 * The bare EventSource: the browser connects, reconnects, resumes by Last-Event-ID and gives up, all by itself.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * Recorded, not done here: an `error` with state CONNECTING means that the browser will reconnect (the next
 * `open` is its doing); with state CLOSED that it never will. It takes no headers, so a token goes in the URL.
 */

import { address, post, readEnvelope } from "./wire.js";

const STATES = ["CONNECTING", "OPEN", "CLOSED"];

/**
 * Open a stream. `since` is a resume point ("<epoch>-<seq>", or "0" for the oldest message still there).
 * Returns {send, close, askStatus, ends}: `ends` names the kinds that end a connection for somebody who does the
 * reconnecting in the browser's place.
 */
export function connect(
  { base, channel, since = null, token = null, transport = "eventsource", attempt = 1 },
  emit,
) {
  const url = address(base, `sse/${encodeURIComponent(channel)}`, { since, access_token: token });
  emit("opening", { transport, attempt, resume: since });
  const source = new EventSource(url);

  let seen = source.readyState;
  const noteState = () => {
    if (source.readyState === seen) return;
    seen = source.readyState;
    emit("state", { state: STATES[seen] });
  };

  source.onopen = () => {
    emit("open", {});
    noteState();
  };
  source.onmessage = ({ data }) => {
    const { envelope, because } = readEnvelope(data);
    if (envelope) emit("message", envelope);
    else emit("error", { state: STATES[source.readyState], because });
  };
  source.onerror = () => {
    emit("error", { state: STATES[source.readyState] });
    noteState();
  };

  return {
    ends: ["error"],
    send: (data) => post({ base, channel, token }, data),
    close() {
      source.close();
      noteState();
    },
    askStatus: (ms) => askStatus(url, ms),
  };
}

/** The HTTP status that EventSource hides: asked once more by fetch, the body left unread. Null: no answer. */
async function askStatus(url, ms) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ms);
  try {
    const response = await fetch(url, {
      headers: { Accept: "text/event-stream" },
      cache: "no-store",
      signal: abort.signal,
    });
    return response.status;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}
