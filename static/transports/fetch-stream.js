/**
 * The bare fetch stream: one request, its body read as an event stream until it ends. No reconnect of any kind.
 *
 * What it can that EventSource cannot: send headers (Authorization, Last-Event-ID) and see the HTTP status.
 * It has no readyState; the `state` entries are ours (OPEN with the response, CLOSED at the end), and an
 * `error` therefore carries state null.
 */

import { EventStreamParser } from "./event-stream-parser.js";
import { address, post, readEnvelope } from "./wire.js";

/**
 * Open a stream. `since` is sent as the Last-Event-ID header, and only when there is one: cross-origin, that
 * header costs a preflight. Returns {send, close, ends}; see eventsource.js.
 */
export function connect(
  { base, channel, since = null, token = null, transport = "fetch-stream", attempt = 1 },
  emit,
) {
  const url = address(base, `sse/${encodeURIComponent(channel)}`);
  const headers = { Accept: "text/event-stream" };
  if (since) headers["Last-Event-ID"] = since;
  if (token) headers.Authorization = `Bearer ${token}`;

  const abort = new AbortController();
  let over = false; // ended, failed or closed: nothing more is emitted
  let closed = false;

  const noteClosed = () => {
    if (!closed) emit("state", { state: "CLOSED" });
    closed = true;
  };
  const end = (kind, detail) => {
    if (over) return;
    over = true;
    emit(kind, detail);
    noteClosed();
  };
  const fail = (because) => {
    end("error", { state: null, because });
    abort.abort();
  };
  const parser = new EventStreamParser(({ name, data }) => {
    if (over || name !== "message") return; // as EventSource's onmessage
    const { envelope, because } = readEnvelope(data);
    if (envelope) emit("message", envelope);
    else fail(because);
  });

  async function read() {
    const response = await fetch(url, { headers, cache: "no-store", signal: abort.signal });
    if (over) return;
    if (response.status !== 200) emit("status", { status: response.status });
    const refusal = refused(response);
    if (refusal) return fail(refusal);
    emit("open", {});
    emit("state", { state: "OPEN" });
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parser.feed(value);
    }
    end("close", { code: null, reason: "end of body", clean: true });
  }

  emit("opening", { transport, attempt, resume: since });
  read().catch((error) => fail(String(error)));

  return {
    ends: ["error", "close"],
    send: (data) => post({ base, channel, token }, data),
    close() {
      over = true;
      abort.abort();
      noteClosed();
    },
  };
}

/** Why a response is not an event stream, or null when it is: the two things EventSource checks, too. */
function refused(response) {
  if (response.status !== 200) return `HTTP ${response.status}`;
  const type = response.headers.get("Content-Type") ?? "";
  if (!/^text\/event-stream(\s*;|$)/i.test(type.trim())) return `content type; expected text/event-stream, got ${type}`;
  return null;
}
