/**
 * The bare WebSocket: both ways over one connection, no reconnect, and after a break no word of why.
 * https://websockets.spec.whatwg.org/ and RFC 6455
 *
 * 1005 and 1006 in `close` were never on the wire: "no code in the close frame" and "no close frame". The
 * handshake takes no headers and hides its HTTP status, so the token goes in the URL and a refusal is a 1006,
 * unless the server accepts first and closes with a code of its own.
 */

import { address, readEnvelope } from "./wire.js";

const STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/** Open a socket. `since` is a resume point. Returns {send, close, ends}; see eventsource.js. */
export function connect(
  { base, channel, since = null, token = null, transport = "websocket", attempt = 1 },
  emit,
) {
  const url = address(base, `ws/${encodeURIComponent(channel)}`, { since, access_token: token });
  url.protocol = url.protocol.replace("http", "ws");
  emit("opening", { transport, attempt, resume: since });
  const socket = new WebSocket(url);

  let seen = socket.readyState;
  const noteState = () => {
    if (socket.readyState === seen) return;
    seen = socket.readyState;
    emit("state", { state: STATES[seen] });
  };

  socket.onopen = () => {
    emit("open", {});
    noteState();
  };
  socket.onmessage = ({ data }) => {
    const { envelope, because } = readEnvelope(data);
    if (envelope) emit("message", envelope);
    else emit("error", { state: STATES[socket.readyState], because });
  };
  socket.onerror = () => {
    emit("error", { state: STATES[socket.readyState] });
    noteState();
  };
  socket.onclose = ({ code, reason, wasClean }) => {
    emit("close", { code, reason, clean: wasClean });
    noteState();
  };

  return {
    ends: ["close"], // an error is always followed by its close, and only that has the code
    async send(data) {
      socket.send(JSON.stringify({ data })); // throws while CONNECTING
      if (socket.readyState !== WebSocket.OPEN) {
        throw new Error(`WebSocket is ${STATES[socket.readyState]}: the platform discards what is sent, silently`);
      }
      return {};
    },
    close() {
      socket.close(1000, "closed by the page");
      noteState();
    },
  };
}
