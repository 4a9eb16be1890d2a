/** A worker of any kind that opens one raw stream for each message it is sent, and says what the stream emits. */

import { OPENERS } from "./streams.js";

function serve({ name, transport, ...options }, port) {
  // `at` of a worker is on the worker's clock: the page has its own
  const say = (said, { at = performance.now(), ...detail } = {}) => port.postMessage({ name, said, at_worker: at, ...detail });
  try {
    OPENERS[transport](options, say);
  } catch (error) {
    say("failed", { because: String(error) });
  }
}

addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data }) => serve(data, port); // a shared worker
});
addEventListener("message", ({ data, ports }) => serve(data, ports[0] ?? globalThis)); // the others
