/**
 * A parser for text/event-stream, chunk by chunk, as the HTML standard interprets it:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * The stream is UTF-8 whatever its headers say, one leading BOM is removed, and CR, LF and CRLF all end a line.
 * Chunks may split a character, a CRLF or a line anywhere. What follows the last blank line is discarded at the
 * end of the stream, as the standard asks.
 */
export class EventStreamParser {
  #decoder = new TextDecoder("utf-8"); // removes the BOM, keeps the bytes of a split character
  #line = ""; // the beginning of a line that has not ended yet
  #afterCR = false; // the last chunk ended in CR, so that a leading LF belongs to it
  #lines = ""; // the values of this event's data fields, each followed by LF
  #name = "";
  #id = "";
  #onMessage;
  #onRetry;

  /**
   * `onMessage({name, data, lastEventId})` for every dispatched event (name "message" by default),
   * `onRetry(ms)` for every valid retry field. Neither is called for comments or unknown fields.
   */
  constructor(onMessage, onRetry = () => {}) {
    this.#onMessage = onMessage;
    this.#onRetry = onRetry;
  }

  /** The last event id: what a reconnect would send as Last-Event-ID. */
  lastEventId = "";

  /** Take the next bytes; calls back for every event they complete. */
  feed(bytes) {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    if (this.#afterCR && text[0] === "\n") text = text.slice(1);
    this.#afterCR = false;

    let start = 0;
    for (const { index, 0: ending } of text.matchAll(/\r\n?|\n/g)) {
      const line = this.#line + text.slice(start, index);
      this.#line = "";
      start = index + ending.length;
      this.#afterCR = ending === "\r" && start === text.length;
      this.#take(line);
    }
    this.#line += text.slice(start);
  }

  #take(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#lines += `${value}\n`;
    else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.#onRetry(Number(value));
  }

  /** A blank line: the id counts even when there is no data to dispatch. */
  #dispatch() {
    this.lastEventId = this.#id;
    const [data, name] = [this.#lines, this.#name];
    this.#lines = "";
    this.#name = "";
    if (data === "") return;
    this.#onMessage({ name: name || "message", data: data.slice(0, -1), lastEventId: this.lastEventId });
  }
}
