/**
 * The page for people: puts the template in place and joins its parts. Everything it shows comes from the
 * probe's timeline, the same that a driver reads; everything it writes is text.
 */

import { act, HEARTBEAT_MS, mounted } from "./hand/control.js";
import { Lanes } from "./hand/lanes.js";
import { LogList } from "./hand/log.js";
import { Tally } from "./hand/tally.js";
import { ABOUT, describe, phaseAfter, PHASES } from "./hand/words.js";

const FRAME_MS = 100; // between two drawings
const CALM_FRAME_MS = 1_000; // the same for somebody who asked for less motion
const STEADY_MS = 200; // between two messages of "5 per second"
const QUIET_BEATS = 1.6; // this many heartbeats without a word are drawn as silence
const MOST_ENTRIES = 20_000; // of the timeline, on a page that may stay open for days
const SHAPES = {
  idle: "M12 5a7 7 0 1 0 0 14a7 7 0 1 0 0-14z",
  connecting: "M12 4v4M12 16v4M4 12h4M16 12h4M6.5 6.5l2.5 2.5M15 15l2.5 2.5M6.5 17.5l2.5-2.5M15 9l2.5-2.5",
  open: "M5 12.5l5 5L19.5 7",
  silent: "M5 12h.01M12 12h.01M19 12h.01",
  waiting: "M9 6v12M15 6v12",
  closed: "M6.5 6.5h11v11h-11z",
  "gave-up": "M7 7l10 10M17 7L7 17",
};

await styled();
document.body.append(document.getElementById("hand").content.cloneNode(true));
document.body.classList.add("by-hand");

const part = (id) => document.getElementById(id);
const lanes = new Lanes(part("lanes"));
const list = new LogList(part("log"), part("empty"));
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let tally = new Tally();
let channel = null;
let controlled = false;
let phase = "idle";
let heard_at = null; // the last message of any kind
let beat_ms = null; // what the last hello promised
let drawn_at = -Infinity;
let paused_at = null;
let steady = null;

async function styled() {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("hand.css", import.meta.url).href;
  const loaded = new Promise((resolve) => {
    sheet.onload = resolve;
    sheet.onerror = resolve;
  });
  document.head.append(sheet);
  await loaded;
}

// ---- what happens

probe.watch((entry) => {
  list.take(entry);
  const meaning = tally.take(entry);
  draw(entry, meaning);
  const next = phaseAfter(entry);
  if (next) enter(next, entry.at, next === "open" ? "" : describe(entry));
  if (entry.kind === "message") hear(entry);
  if (probe.log.length > MOST_ENTRIES) probe.log.splice(0, MOST_ENTRIES / 2);
});

function draw({ kind, at, type }, { lost, repeated, reconnect }) {
  if (kind === "message" && type === "heartbeat") lanes.beat(at);
  else if (kind === "message" && type !== "hello" && type !== "gap") lanes.message(at);
  if (["error", "status", "silence", "send-failed", "gave-up", "uncaught"].includes(kind)) lanes.mark(at, "error");
  if (kind === "close") lanes.mark(at, "close");
  if (reconnect) lanes.mark(at, "reconnect");
  if (lost) lanes.mark(at, "lost");
  if (repeated) lanes.mark(at, "repeated");
}

function hear(entry) {
  heard_at = entry.at;
  if (entry.type !== "hello") return;
  beat_ms = entry.heartbeat_ms;
  if (controlled && beat_ms !== HEARTBEAT_MS) act("tune", channel).catch(() => {}); // a restarted server forgot it
}

function enter(next, at, why) {
  phase = next;
  lanes.phase(at, next);
  paint(next, why || "Messages arrive as they are published.");
  const live = ["connecting", "open", "waiting"].includes(next);
  part("close").disabled = !live;
  part("send").disabled = !live;
}

function paint(shown, why) {
  part("why").textContent = why;
  if (part("badge").dataset.phase === shown) return;
  part("badge").dataset.phase = shown;
  part("badge-shape").setAttribute("d", SHAPES[shown]);
  part("phase").textContent = PHASES[shown];
  say(`${PHASES[shown]}. ${why}`);
}

/** For a screen reader; the eye sees badge, sentence and log. */
function say(sentence) {
  part("spoken").textContent = sentence;
}

// ---- what is shown

function show(now) {
  requestAnimationFrame(show);
  if (now - drawn_at < (calm.matches ? CALM_FRAME_MS : FRAME_MS)) return;
  drawn_at = now;
  list.flush();
  part("received").textContent = tally.received.toLocaleString("en");
  for (const name of ["lost", "repeated", "reordered", "reconnects"]) {
    part(name).textContent = tally[name].toLocaleString("en");
    part(name).classList.toggle("some", tally[name] > 0);
  }
  part("resume").textContent = tally.resume ?? "none yet";
  part("heartbeat").textContent = age(now, tally.heartbeat_at);
  listen(now);
  lanes.draw(paused_at ?? now, Number(part("span").value) * 1000);
}

/** An open connection on which heartbeats are missing is shown as what it is, whatever readyState says. */
function listen(now) {
  if (phase !== "open" || !beat_ms) return;
  const quiet = now - heard_at > QUIET_BEATS * beat_ms;
  part("heartbeat").classList.toggle("some", quiet);
  if (quiet) {
    lanes.silence(heard_at, now);
    paint("silent", `Nothing came for ${Math.floor((now - heard_at) / 1000)} s, and heartbeats are missing.`);
  } else if (part("badge").dataset.phase === "silent") {
    paint("open", "Messages arrive again.");
  }
}

function age(now, at) {
  if (at === null) return "none yet";
  const seconds = Math.max(0, now - at) / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

// ---- what a person does

const chosen = () => new FormData(part("connect")).get("transport");

function choose() {
  part("about").textContent = ABOUT[chosen()];
}

async function connect(submitted) {
  submitted.preventDefault();
  const wanted = part("channel").value.trim();
  if (wanted !== channel) [channel, tally] = [wanted, new Tally()];
  if (controlled) await act("tune", channel).catch(() => {});
  probe.open({ transport: chosen(), channel, token: part("token").value || null });
  part("badge").scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
}

function disconnect() {
  probe.close();
  enter("closed", performance.now(), "You disconnected.");
  part("open").focus();
}

async function speak(submitted) {
  submitted.preventDefault();
  await probe.send(part("message").value);
}

async function trouble(action) {
  const target = channel ?? part("channel").value.trim();
  try {
    note(await act(action, target));
  } catch (error) {
    note(`That did not work: ${error.message}`);
  }
}

/** A person's deed, in the log and across the picture. */
function note(sentence) {
  const at = performance.now();
  list.take({ at, kind: "you", because: sentence });
  lanes.mark(at, "you");
  say(sentence);
}

function toggleSteady() {
  const on = steady === null;
  part("steady").setAttribute("aria-pressed", String(on));
  if (on) {
    let busy = false;
    steady = setInterval(async () => {
      if (busy) return;
      busy = true;
      await act("publish", channel ?? part("channel").value.trim()).catch(() => {});
      busy = false;
    }, STEADY_MS);
  } else {
    clearInterval(steady);
    steady = null;
  }
  note(on ? "Publishing five messages per second" : "Stopped publishing");
}

function togglePause() {
  paused_at = paused_at === null ? performance.now() : null;
  part("pause").setAttribute("aria-pressed", String(paused_at !== null));
}

function clear() {
  tally = new Tally();
  list.clear();
  lanes.clear();
}

function preset() {
  const asked = new URLSearchParams(location.search);
  if (asked.get("channel")) part("channel").value = asked.get("channel");
  const radio = [...document.getElementsByName("transport")].find(({ value }) => value === asked.get("transport"));
  if (radio) radio.checked = true;
}

part("connect").addEventListener("submit", connect);
part("connect").addEventListener("change", choose);
part("close").addEventListener("click", disconnect);
part("speak").addEventListener("submit", speak);
part("steady").addEventListener("click", toggleSteady);
part("pause").addEventListener("click", togglePause);
part("clear").addEventListener("click", clear);
part("beats").addEventListener("change", ({ target }) => list.showBeats(target.checked));
for (const button of document.querySelectorAll("[data-action]")) {
  button.addEventListener("click", () => trouble(button.dataset.action));
}

preset();
choose();
part("badge-shape").setAttribute("d", SHAPES.idle);
requestAnimationFrame(show);
controlled = await mounted();
part("uncontrolled").hidden = controlled;
for (const id of ["controlled", "troubles", "publishing"]) part(id).hidden = !controlled;
