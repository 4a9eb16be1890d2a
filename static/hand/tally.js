/**
 * Counts what the messages say about delivery: received, lost, repeated, out of order, per channel.
 *
 * Numbers are followed within one epoch. A hole in the numbers counts as lost until a late message fills it, which
 * then counts as out of order; a message seen before counts as repeated. What a `gap` names is lost for good.
 */
export class Tally {
  received = 0;
  lost = 0;
  repeated = 0;
  reordered = 0;
  connections = 0;
  epoch = null;
  seq = null; // the highest seen: with epoch the resume point
  heartbeat_at = null; // performance.now() ms
  #holes = []; // [first, last] never seen, ascending

  /** Reconnects: connections that opened after the first. */
  get reconnects() {
    return Math.max(0, this.connections - 1);
  }

  /** The resume point as the wire writes it, or null before the first hello. */
  get resume() {
    return this.epoch === null ? null : `${this.epoch}-${this.seq}`;
  }

  /**
   * Take one timeline entry; returns what it meant for delivery: {lost: n}, {repeated: n}, {reordered: n},
   * {reconnect: true}, or nothing.
   */
  take(entry) {
    if (entry.kind === "open") {
      this.connections += 1;
      return this.connections > 1 ? { reconnect: true } : {};
    }
    if (entry.kind === "dropped") return this.#repeat();
    if (entry.kind !== "message") return {};
    switch (entry.type) {
      case "hello":
        return this.#greet(entry);
      case "heartbeat":
        this.heartbeat_at = entry.at;
        return {};
      case "gap":
        return this.#skip(entry.to);
      default:
        return this.#count(entry.seq);
    }
  }

  /** A hello says from where on we are served; what lies between that and what we have is lost to us. */
  #greet({ epoch, seq }) {
    if (epoch !== this.epoch) {
      [this.epoch, this.seq] = [epoch, seq];
      this.#holes = [];
      return {};
    }
    return this.#skip(seq);
  }

  #skip(to) {
    const missing = to - this.seq;
    if (!(missing > 0)) return {};
    this.#holes.push([this.seq + 1, to]);
    this.seq = to;
    this.lost += missing;
    return { lost: missing };
  }

  #count(seq) {
    if (seq > this.seq) {
      const skipped = this.#skip(seq - 1);
      this.seq = seq;
      this.received += 1;
      return skipped;
    }
    if (!this.#fill(seq)) return this.#repeat();
    this.received += 1;
    this.reordered += 1;
    this.lost -= 1;
    return { reordered: 1 };
  }

  #repeat() {
    this.repeated += 1;
    return { repeated: 1 };
  }

  /** Take one number out of the holes; whether it was in one. */
  #fill(seq) {
    const index = this.#holes.findIndex(([first, last]) => first <= seq && seq <= last);
    if (index < 0) return false;
    const [first, last] = this.#holes[index];
    const left = [[first, seq - 1], [seq + 1, last]].filter(([from, to]) => from <= to);
    this.#holes.splice(index, 1, ...left);
    return true;
  }
}
