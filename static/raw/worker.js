/**
 * A worker of any kind, or the script of a frame: opens raw streams for whoever sends it a message with a port to
 * answer by, and says what they emit. {name, transport, url, ...} opens one, {name} alone closes it.
 */

import { OPENERS } from "./streams.js";

const streams = new Map();

function serve({ name, transport, ...options }, port) {
  if (!transport) return streams.get(name)?.close();
  const say = (said, { at, ...detail } = {}) => port.postMessage({ said, ...detail }); // its clock is not the page's
  try {
    streams.set(name, OPENERS[transport](options, say));
  } catch (error) {
    say("failed", { because: String(error) });
  }
}

addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data }) => serve(data, port); // a shared worker
});
addEventListener("message", ({ data, ports }) => serve(data, ports[0])); // the others
