/**
 * The timeline as a picture: lanes in an SVG for the connection, messages, heartbeats and trouble.
 *
 * What is drawn is bounded by the picture's width, not by the number of messages: they are counted in slots of
 * 50 ms, and every kind of mark is one path, so ten thousand messages cost as much as ten.
 */

const KEPT_MS = 310_000; // a little more than the longest span that can be chosen
const SLOT_MS = 50;
const GUTTER = 92; // for the lanes' names
const LANES = [
  { name: "connection", top: 10, height: 22 },
  { name: "messages", top: 42, height: 44 },
  { name: "heartbeats", top: 96, height: 12 },
  { name: "trouble", top: 118, height: 36 },
];
const [CONNECTION, MESSAGES, HEARTBEATS, TROUBLE] = LANES;
const AXIS = 168;
const HEIGHT = 184;
const FULL_SLOT = 128; // this many messages in one column draw a full bar; the scale is logarithmic
const [ENDS, AGAIN] = [TROUBLE.top + 9, TROUBLE.top + 27]; // two rows: a reconnect follows its error closely
const HOLES = MESSAGES.top + 12; // what messages lack is shown among them
const MARKS = {
  error: (x) => `M${x - 4.5} ${ENDS - 4.5}l9 9m0 -9l-9 9`,
  close: (x) => `M${x - 6} ${ENDS - 5}h12l-6 11z`,
  reconnect: (x) => `M${x} ${AGAIN - 6}l6 11h-12z`,
  lost: (x) => `M${x} ${HOLES - 7}l7 7l-7 7l-7 -7z`,
  repeated: (x) => `M${x - 5} ${HOLES}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z`,
  you: (x) => `M${x} ${CONNECTION.top - 6}V${AXIS - 6}`,
};
const BANDS = { open: 1, connecting: 0.4, waiting: 0.16 }; // share of the lane's height: told apart without colour

export class Lanes {
  #svg;
  #paths = {};
  #ticks = [];
  #phases = []; // {at, phase}, ascending
  #slots = []; // [slot number, messages], ascending
  #beats = [];
  #marks = []; // {at, kind}
  #silences = []; // {from, to}

  constructor(svg) {
    this.#svg = svg;
    for (const { name, top, height } of LANES) {
      this.#add("path", "lane", { d: "" }, `lane ${name}`);
      this.#add("text", "name", { x: 0, y: top + height / 2 + 4 }).textContent = name;
    }
    for (const place of ["start", "middle", "end"]) {
      this.#ticks.push(this.#add("text", "tick", { y: AXIS + 10, "text-anchor": place }));
    }
    for (const name of ["band-silence", ...Object.keys(BANDS).map((phase) => `band-${phase}`), "messages", "beats"]) {
      this.#add("path", name, { d: "" }, name);
    }
    for (const kind of ["you", "reconnect", "close", "error", "repeated", "lost"]) {
      this.#add("path", `mark-${kind}`, { d: "" }, kind);
    }
  }

  /** The connection entered a phase. */
  phase(at, phase) {
    this.#phases.push({ at, phase });
  }

  /** A numbered message came. */
  message(at) {
    const slot = Math.floor(at / SLOT_MS);
    const last = this.#slots.at(-1);
    if (last?.[0] === slot) last[1] += 1;
    else this.#slots.push([slot, 1]);
  }

  /** A heartbeat came. */
  beat(at) {
    this.#beats.push(at);
  }

  /** Something to mark: error, close, reconnect, lost, repeated or you. */
  mark(at, kind) {
    const last = this.#marks.at(-1);
    if (last?.kind !== kind || at - last.at > SLOT_MS) this.#marks.push({ at, kind });
  }

  /** Nothing was heard from one moment to another, though heartbeats were due. */
  silence(from, to) {
    const last = this.#silences.at(-1);
    if (last?.from === from) last.to = to;
    else this.#silences.push({ from, to });
  }

  /** Forget everything but the phase that holds. */
  clear() {
    this.#phases = this.#phases.slice(-1);
    [this.#slots, this.#beats, this.#marks, this.#silences] = [[], [], [], []];
  }

  /** Draw the last `span_ms` before `now`. */
  draw(now, span_ms) {
    this.#forget(now - KEPT_MS);
    const width = Math.max(this.#svg.clientWidth, GUTTER + 60);
    const left = now - span_ms;
    const scale = (width - GUTTER - 8) / span_ms;
    const x = (at) => Math.round((GUTTER + Math.max(0, at - left) * scale) * 10) / 10;
    const visible = (at) => at >= left && at <= now;

    this.#svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.#svg.setAttribute("height", HEIGHT);
    this.#drawFrame(width, span_ms);
    this.#drawBands(x, left, now);
    this.#draw("messages", this.#columns(x, visible));
    this.#draw("beats", this.#beats.filter(visible).map((at) => this.#dot(x(at))));
    for (const [kind, shape] of Object.entries(MARKS)) {
      const marks = this.#marks.filter((mark) => mark.kind === kind && visible(mark.at));
      this.#draw(kind, marks.map(({ at }) => shape(x(at))));
    }
  }

  #drawFrame(width, span_ms) {
    for (const { name, top, height } of LANES) {
      this.#draw(`lane ${name}`, [`M${GUTTER} ${top + height + 3.5}H${width - 8}`]);
    }
    const places = [GUTTER, (GUTTER + width - 8) / 2, width - 8];
    const words = [`${ago(span_ms)} ago`, `${ago(span_ms / 2)} ago`, "now"];
    this.#ticks.forEach((tick, index) => {
      tick.setAttribute("x", places[index]);
      if (tick.textContent !== words[index]) tick.textContent = words[index];
    });
  }

  #drawBands(x, left, now) {
    const bands = { open: [], connecting: [], waiting: [] };
    const middle = CONNECTION.top + CONNECTION.height / 2;
    this.#phases.forEach(({ at, phase }, index) => {
      const until = Math.min(this.#phases[index + 1]?.at ?? now, now);
      if (!(phase in bands) || until < left || at > now) return;
      const height = CONNECTION.height * BANDS[phase];
      const wide = Math.max(x(until) - x(at), 1.5);
      if (phase === "waiting") bands.waiting.push(`M${x(at)} ${middle}h${wide}`);
      else bands[phase].push(`M${x(at)} ${middle - height / 2}h${wide}v${height}h${-wide}z`);
    });
    for (const [phase, shapes] of Object.entries(bands)) this.#draw(`band-${phase}`, shapes);
    const silences = this.#silences.filter(({ to, from }) => to >= left && from <= now);
    const { top, height } = HEARTBEATS;
    this.#draw(
      "band-silence",
      silences.map(({ from, to }) => `M${x(from)} ${top}H${x(Math.min(to, now))}V${top + height}H${x(from)}z`),
    );
  }

  #columns(x, visible) {
    const columns = new Map();
    for (const [slot, count] of this.#slots) {
      const at = slot * SLOT_MS;
      if (!visible(at)) continue;
      const column = Math.round(x(at) / 3) * 3;
      columns.set(column, (columns.get(column) ?? 0) + count);
    }
    const floor = MESSAGES.top + MESSAGES.height;
    return [...columns].map(([column, count]) => {
      const share = Math.min(1, 0.25 + 0.75 * (Math.log(count) / Math.log(FULL_SLOT)));
      return `M${column} ${floor}v${(-share * MESSAGES.height).toFixed(1)}`;
    });
  }

  #dot(x) {
    const middle = HEARTBEATS.top + HEARTBEATS.height / 2;
    return `M${x - 2.5} ${middle}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z`;
  }

  #draw(name, shapes) {
    const drawn = shapes.join("");
    const path = this.#paths[name];
    if (path.getAttribute("d") !== drawn) path.setAttribute("d", drawn);
  }

  #forget(before) {
    while (this.#phases.length > 1 && this.#phases[1].at < before) this.#phases.shift();
    while (this.#slots.length > 0 && this.#slots[0][0] * SLOT_MS < before) this.#slots.shift();
    while (this.#beats.length > 0 && this.#beats[0] < before) this.#beats.shift();
    while (this.#marks.length > 0 && this.#marks[0].at < before) this.#marks.shift();
    while (this.#silences.length > 0 && this.#silences[0].to < before) this.#silences.shift();
  }

  #add(tag, styled, attributes, name = null) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    element.setAttribute("class", styled);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (name) this.#paths[name] = element;
    this.#svg.append(element);
    return element;
  }
}

function ago(ms) {
  return ms < 120_000 ? `${ms / 1000} s` : `${ms / 60_000} min`;
}
