// A page over fetch: the same bytes as for EventSource, read by ourselves. See ../server.py for the marks.
// What that gains: request headers, the status of an answer, a say in when to try again. What it costs: this file.

// `told.state(word)` and `told.message(text)` hear what happens.
export function open(told) {
  const line = {
    ...told,
    failures: 0, // for reconnect: in a row
    last: "", // for resume: the id of the last message
    timer: 0, // for notice-silence
    heard: null, // for notice-silence: to be called when anything comes
  };
  run(line);
  return {
    send: (text) => post(told, text), // for two-way
  };
}

async function run(line) {
  const stop = new AbortController(); // for notice-silence
  const fields = { Accept: "text/event-stream" };
  fields.Authorization = `Bearer ${line.token}`; // for auth: where a token belongs, and in no log
  if (line.last) fields["Last-Event-ID"] = line.last; // for resume
  line.heard = watch(line, stop); // for notice-silence
  let answer;
  try {
    answer = await fetch("/stream", {
      headers: fields,
      signal: stop.signal, // for notice-silence
      cache: "no-store",
    });
    if (answer.ok) line.state("open");
    if (answer.ok) await read(answer.body, line); // returns when the server has gone in good order
  } catch {
    // The line broke, or there was nobody: whatever it was, the server is away.
  }
  clearTimeout(line.timer); // for notice-silence
  if (answer?.status === 401) return line.state("refused"); // for auth: trying again would not help
  line.state("away");
  setTimeout(() => run(line), delay_ms(line)); // for reconnect
}

// for reconnect: wait longer each time, and not as long as the others, or all come back in the same moment.
function delay_ms(line) {
  line.failures += 1;
  return Math.random() * Math.min(10000, 250 * 2 ** line.failures);
}

// Blocks of lines with an empty line behind each; a block may arrive in pieces, or several at once.
async function read(stream, line) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    line.heard(); // for notice-silence
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) take(block, line);
  }
}

function take(block, line) {
  const fields = {};
  for (const [, name, value] of block.matchAll(/^(\w+): ?(.*)$/gm)) {
    fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
  }
  line.failures = 0; // for reconnect
  line.last = fields.id ?? line.last; // for resume
  if ("data" in fields && !fields.event) line.message(fields.data);
}

// for notice-silence: a line can die without a sign. Heartbeats come on a living one, so a long silence is the sign.
function watch(line, stop) {
  const heard = () => {
    clearTimeout(line.timer);
    line.timer = setTimeout(() => {
      line.state("silent");
      stop.abort();
    }, line.patience_ms);
  };
  heard();
  return heard;
}

// for two-way: a request of its own, which can fail on its own.
async function post(line, text) {
  const fields = { "Content-Type": "application/json" };
  fields.Authorization = `Bearer ${line.token}`; // for auth
  const answer = await fetch("/messages", { method: "POST", headers: fields, body: JSON.stringify({ text }) });
  if (!answer.ok) throw new Error(`not said: HTTP ${answer.status}`);
}
