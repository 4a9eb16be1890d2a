/** The app's control endpoints, as far as a person at the page needs them. They are only there when asked for. */

import { address } from "../transports/wire.js";

const BASE = new URL("../..", import.meta.url).href;
const MUTE_MS = 20_000;
const BURST = 100;
const BEAT_MS = 2_000;

const DOING = ["reading the question", "searching", "reading", "comparing", "writing", "checking"];

let steps = 0;
const update = () => {
  const doing = DOING[steps % DOING.length];
  steps += 1;
  return { doing };
};

/** What each button asks for: where, with what, and the sentence for the log. */
const ACTIONS = {
  publish: (channel) => [`channels/${channel}/publish`, { data: update() }, "Published one message"],
  burst: (channel) => [
    `channels/${channel}/publish`,
    { items: Array.from({ length: BURST }, update) },
    `Published ${BURST} messages at once`,
  ],
  reset: (channel) => [`channels/${channel}/reset`, {}, "Reset the connection"],
  mute: (channel) => [`channels/${channel}/mute`, { ms: MUTE_MS }, `Silence for ${MUTE_MS / 1000} s`],
  restart: () => ["restart", {}, "Restarted the server"],
  finish: (channel) => [`channels/${channel}/finish`, {}, "Finished the channel; another name begins afresh"],
  tune: (channel) => [`channels/${channel}/tune`, { heartbeat_ms: BEAT_MS }, `Heartbeat every ${BEAT_MS / 1000} s`],
};

/** The heartbeat this page asks for, so that silence shows within seconds. */
export const HEARTBEAT_MS = BEAT_MS;

/** Whether the control endpoints are mounted: an app without them answers 404. */
export async function mounted() {
  try {
    return (await fetch(address(BASE, "control/channels/demo"), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Ask for one action; resolves with a sentence about what was done, rejects with an Error that says why not. */
export async function act(action, channel) {
  const [place, body, done] = ACTIONS[action](encodeURIComponent(channel));
  const response = await fetch(address(BASE, `control/${place}`), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    cache: "no-store",
  });
  if (response.ok) return done;
  const answer = await response.json().catch(() => ({}));
  throw new Error(`HTTP ${response.status} ${answer.error ?? ""}`.trim());
}
