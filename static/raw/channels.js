/** The project's own transports by name, for scenarios that need many of them in one page. */

import * as eventsource from "../transports/eventsource.js";
import * as fetchStream from "../transports/fetch-stream.js";
import { resilient } from "../transports/resilient.js";
import * as websocket from "../transports/websocket.js";

const BARE = { eventsource: eventsource.connect, "fetch-stream": fetchStream.connect, websocket: websocket.connect };

/** Connect by a transport's name; with a "+" under the resilient policy. */
export function connect(transport, options, emit) {
  const bare = BARE[transport.replace(/\+$/, "")];
  const made = transport.endsWith("+") ? resilient(bare) : bare;
  return made({ ...options, transport }, emit);
}
