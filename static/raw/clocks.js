/** Two clocks of the page: how it goes against the origin's, and how long the main thread kept it waiting. */

import { record } from "../timeline.js";

let chain = null; // the timer chain that watches the main thread

export const verbs = {
  /** Round trips on a WebSocket that echoes, one after the other: [sent, back] of each, in the page's time. */
  trips({ url, times }) {
    const trips = [];
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const send = () => {
        trips.push([performance.now()]);
        socket.send(String(trips.length));
      };
      socket.onopen = send;
      socket.onmessage = () => {
        trips.at(-1).push(performance.now());
        if (trips.length < times) return send();
        socket.close();
        resolve(trips);
      };
      socket.onerror = () => reject(new Error(`${url}: no echo; expected ${times} round trips`));
    });
  },

  /** Begin to watch the main thread by a chain of timers: what keeps a timer waiting keeps everything waiting. */
  watchThread() {
    chain = { timer: null, ticks: 0, last: performance.now(), longest_ms: 0 };
    const tick = () => {
      const now = performance.now();
      chain.longest_ms = Math.max(chain.longest_ms, now - chain.last);
      chain.last = now;
      chain.ticks += 1;
      chain.timer = setTimeout(tick);
    };
    chain.timer = setTimeout(tick);
  },

  /** End it: the entry `thread` has the longest time without a tick, `stream` is what it is said of. */
  threadWatched(stream) {
    clearTimeout(chain.timer);
    const longest_ms = Math.max(chain.longest_ms, performance.now() - chain.last);
    record("thread", { stream, longest_ms, ticks: chain.ticks });
  },
};
