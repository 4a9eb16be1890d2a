/** The log as a list, newest first: bounded, written once per frame however much came, always as text. */

import { describe } from "./words.js";

const MOST = 200;
const QUIET = ["state"]; // the badge shows it

export class LogList {
  #list;
  #empty;
  #waiting = []; // entries not written yet
  #kept = []; // the last entries, for when heartbeats are switched on or off
  #beats = false;

  constructor(list, empty) {
    this.#list = list;
    this.#empty = empty;
  }

  /** Take an entry; nothing is written before `flush`. */
  take(entry) {
    if (QUIET.includes(entry.kind)) return;
    this.#kept.push(entry);
    if (this.#kept.length > 4 * MOST) this.#kept = this.#kept.slice(-2 * MOST);
    if (this.#shown(entry)) this.#waiting.push(entry);
    if (this.#waiting.length > 4 * MOST) this.#waiting = this.#waiting.slice(-2 * MOST);
  }

  /** Write what waits. */
  flush() {
    if (this.#waiting.length === 0) return;
    const rows = this.#waiting.slice(-MOST).reverse().map(row);
    this.#waiting = [];
    this.#list.prepend(...rows);
    while (this.#list.childElementCount > MOST) this.#list.lastElementChild.remove();
    this.#empty.hidden = true;
  }

  /** Show heartbeats, or leave them out. */
  showBeats(wanted) {
    this.#beats = wanted;
    this.#waiting = this.#kept.filter((entry) => this.#shown(entry));
    this.#list.replaceChildren();
    this.#empty.hidden = this.#waiting.length > 0;
    this.flush();
  }

  clear() {
    [this.#waiting, this.#kept] = [[], []];
    this.#list.replaceChildren();
    this.#empty.hidden = false;
  }

  #shown(entry) {
    return this.#beats || entry.type !== "heartbeat";
  }
}

function row(entry) {
  const item = document.createElement("li");
  const kind = entry.kind === "message" ? entry.type : entry.kind;
  item.dataset.kind = kind;
  item.append(element("time", clock(entry.at)), element("b", kind), element("span", describe(entry)));
  return item;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** Local time of day with milliseconds. */
function clock(at) {
  const moment = new Date(performance.timeOrigin + at);
  return `${moment.toTimeString().slice(0, 8)}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}
