/**
 * The one resilient policy: what about a hundred lines of client code add to any transport.
 *
 *          ┌── fatal answer ──▶ gave up, for good             close() ends every state, for good
 *          │
 *   ask ───┴─ hello ─▶ live ─ error, close, silence ─▶ back off ─ delay over, or wake ─▶ ask
 *     └── error, close, connect_ms over without hello ───▲
 *
 * 1. Resume: every connection asks for what follows the last message seen, as "<epoch>-<seq>".
 * 2. Dedupe: a seq at or before the resume point, in the same epoch, was seen already: dropped, never emitted.
 *    A `gap` is passed on and moves the resume point; a new epoch starts its own numbering.
 * 3. Watchdog: when nothing at all came for max(silence_factor × heartbeat_ms, silence_floor_ms), the link is
 *    dead whatever its readyState says. Without heartbeats (hello's heartbeat_ms null) silence means nothing.
 * 4. Backoff, full jitter: delay = retry_ms + random(0, min(cap_ms, base_ms × 2^attempt)). retry_ms is the
 *    server's wish (0 without one); attempt starts at 0 again once a connection was stable, that is, delivered
 *    something after hello and gap.
 * 5. Gives up on answers that trying again cannot change. EventSource hides its status, so when the browser
 *    gave up, the next try begins with one question by fetch, after the backoff like any other request.
 * 6. Wakes: `online`, a page back from the back/forward cache and a page made visible end a backoff at once.
 *
 * One owner of reconnecting: a native EventSource is closed at its first error. Every underlying connection has
 * a generation number; what an abandoned one still says is ignored. Uplink messages are not queued or repeated:
 * only the sender knows whether sending twice is harmless.
 */

/** The policy's figures, milliseconds; `resilient(connect, {…})` replaces single ones. */
export const POLICY = Object.freeze({
  base_ms: 250,
  cap_ms: 10_000,
  connect_ms: 8_000, // from asking to hello; browsers themselves wait minutes
  silence_factor: 2.5, // two heartbeats may be lost or late, the third may not
  silence_floor_ms: 2_000,
  second_look_ms: 100, // messages that waited behind a blocked or sleeping page get this long to be seen
  fatal_statuses: Object.freeze([204, 400, 401, 403, 404, 410]),
  fatal_codes: Object.freeze([1000, 1008]),
  fatal_code_range: Object.freeze([4400, 4499]), // ours, after HTTP's 400 to 499
  transient_codes: Object.freeze([4408]), // slow consumer: come back and be told of the gap
});

const UNNUMBERED = ["hello", "heartbeat", "gap"]; // types that consume no seq

/**
 * Wrap a transport's `connect` in the policy: the result has the same signature.
 * Throws on a figure that the policy does not have.
 */
export function resilient(connect, overrides = {}) {
  for (const name of Object.keys(overrides)) {
    if (!(name in POLICY)) throw new Error(`policy: unknown figure ${name}; expected one of ${Object.keys(POLICY)}`);
  }
  const policy = { ...POLICY, ...overrides };
  return (options, emit) => new Resilient(connect, options, emit, policy);
}

class Resilient {
  #connect;
  #options;
  #emit;
  #policy;
  #connection = null;
  #generation = 0;
  #asked = 0; // connections asked for, ever
  #attempt = 0; // failures since the last stable connection
  #epoch = null;
  #seq = 0; // with #epoch: the resume point
  #status = null; // of this generation's answer, where the transport can see it
  #question = null; // how to ask for the status, where it cannot and the answer was final
  #retry_ms = 0;
  #patience_ms = null; // how long silence may last; null: for ever
  #heard_at = 0;
  #watchdog = null;
  #backoff = null;
  #final = false;
  #listening = new AbortController();

  constructor(connect, options, emit, policy) {
    this.#connect = connect;
    this.#options = options;
    this.#emit = emit;
    this.#policy = policy;
    const point = /^([0-9a-f]{8})-([0-9]+)$/.exec(options.since ?? "");
    if (point) [this.#epoch, this.#seq] = [point[1], Number(point[2])];
    this.#listenForWakes();
    this.#ask();
  }

  /** Send on the latest connection; rejects when that cannot. */
  async send(data) {
    if (this.#connection === null) throw new Error("no connection was ever made");
    return this.#connection.send(data);
  }

  /** The end: nothing is emitted and nothing reconnects afterwards. */
  close() {
    if (this.#final) return;
    this.#finish();
  }

  async #retry() {
    this.#backoff = null;
    const question = this.#question;
    this.#question = null;
    if (question !== null) {
      const mine = this.#generation;
      const status = await question(this.#policy.connect_ms);
      if (mine !== this.#generation) return; // closed meanwhile
      if (status !== null && status !== 200) this.#emit("status", { status });
      const fatal = this.#fatal(status, null);
      if (fatal) return this.#giveUp(fatal);
    }
    this.#ask();
  }

  #ask() {
    this.#abandon();
    const mine = this.#generation;
    this.#asked += 1;
    this.#status = null;
    const since = this.#epoch === null ? this.#options.since : `${this.#epoch}-${this.#seq}`;
    this.#hear(this.#policy.connect_ms);
    try {
      this.#connection = this.#connect({ ...this.#options, since, attempt: this.#asked }, (kind, detail) => {
        if (mine === this.#generation) this.#take(kind, detail);
      });
    } catch (error) {
      this.#giveUp(String(error)); // a malformed or forbidden address stays one
    }
  }

  #take(kind, detail) {
    if (kind === "message") return this.#message(detail);
    if (kind === "status") this.#status = detail.status;
    this.#emit(kind, detail);
    if (this.#connection?.ends.includes(kind)) this.#ended(detail);
  }

  #message(envelope) {
    const { type, seq, data } = envelope;
    if (type === "hello") this.#greet(seq, data);
    this.#hear(this.#patience_ms);
    if (type !== "hello" && type !== "gap") this.#attempt = 0;
    if (type === "gap") this.#seq = data.to;
    if (!UNNUMBERED.includes(type)) {
      if (seq <= this.#seq) return this.#emit("dropped", { seq });
      this.#seq = seq;
    }
    this.#emit("message", envelope);
  }

  #greet(seq, { epoch, heartbeat_ms, retry_ms }) {
    if (epoch !== this.#epoch) [this.#epoch, this.#seq] = [epoch, seq];
    this.#retry_ms = retry_ms ?? 0;
    const { silence_factor, silence_floor_ms } = this.#policy;
    this.#patience_ms = heartbeat_ms ? Math.max(silence_factor * heartbeat_ms, silence_floor_ms) : null;
  }

  /** Something came: silence starts again from now. Cheap, the timer is only set when its length changes. */
  #hear(patience_ms) {
    this.#heard_at = performance.now();
    if (this.#watchdog?.patience_ms === patience_ms) return;
    this.#arm(patience_ms, patience_ms);
  }

  #arm(patience_ms, wait_ms, look = 1) {
    clearTimeout(this.#watchdog?.timer);
    this.#watchdog = { patience_ms, timer: null };
    if (patience_ms === null) return;
    this.#watchdog.timer = setTimeout(() => this.#watch(look), wait_ms);
  }

  #watch(look) {
    const { patience_ms } = this.#watchdog;
    const idle_ms = performance.now() - this.#heard_at;
    if (idle_ms < patience_ms) return this.#arm(patience_ms, patience_ms - idle_ms);
    if (look === 1) return this.#arm(patience_ms, this.#policy.second_look_ms, 2);
    this.#emit("silence", { idle_ms: Math.round(idle_ms) });
    this.#abandon();
    this.#backOff();
  }

  #ended({ state, code }) {
    this.#question = state === "CLOSED" ? (this.#connection.askStatus ?? null) : null;
    this.#abandon();
    const fatal = this.#fatal(this.#status, code);
    if (fatal) this.#giveUp(fatal);
    else this.#backOff();
  }

  #fatal(status, code) {
    const { fatal_statuses, fatal_codes, fatal_code_range, transient_codes } = this.#policy;
    if (fatal_statuses.includes(status)) return `HTTP ${status}`;
    const [first, last] = fatal_code_range;
    const named = fatal_codes.includes(code) || (code >= first && code <= last && !transient_codes.includes(code));
    return named ? `close code ${code}` : null;
  }

  #backOff() {
    const { base_ms, cap_ms } = this.#policy;
    const window_ms = Math.min(cap_ms, base_ms * 2 ** this.#attempt);
    const delay_ms = this.#retry_ms + Math.random() * window_ms;
    this.#emit("backoff", { delay_ms: Math.round(delay_ms), attempt: this.#attempt });
    this.#attempt += 1;
    this.#backoff = setTimeout(() => this.#retry(), delay_ms);
  }

  /** Leave the current connection and every timer; whatever it still says belongs to a past generation. */
  #abandon() {
    clearTimeout(this.#backoff);
    clearTimeout(this.#watchdog?.timer);
    this.#backoff = null;
    this.#watchdog = null;
    this.#connection?.close();
    this.#generation += 1;
  }

  #giveUp(because) {
    this.#emit("gave-up", { because });
    this.#finish();
  }

  #finish() {
    this.#final = true;
    this.#listening.abort();
    this.#abandon();
  }

  #listenForWakes() {
    const { signal } = this.#listening;
    addEventListener("online", () => this.#wake("online"), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#wake("pageshow"), { signal });
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this.#wake("visibilitychange"),
      { signal },
    );
  }

  /** A backoff ends at once; a live connection is looked at now, for its timer may have slept. */
  #wake(because) {
    if (this.#backoff !== null) {
      this.#emit("wake", { because });
      clearTimeout(this.#backoff);
      this.#retry();
    } else if (this.#watchdog?.timer) {
      this.#watch(1);
    }
  }
}
