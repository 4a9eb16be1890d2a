// A page over EventSource: the browser connects, comes back and resumes by itself. See ../server.py for the marks.

// `told.state(word)` and `told.message(text)` hear what happens.
export function open(told) {
  const line = {
    ...told,
    last: "", // for notice-silence: the id of the last message
  };
  connect(line);
  return {
    send: (text) => post(told, text), // for two-way
  };
}

function connect(line) {
  const url = new URL("/stream", location.href);
  url.searchParams.set("token", line.token); // for auth: no headers can be given
  if (line.last) url.searchParams.set("since", line.last); // for notice-silence: a new source has forgotten it
  const source = new EventSource(url);
  source.onopen = () => line.state("open");
  source.onmessage = ({ data }) => line.message(data);
  source.onerror = () => {
    // CONNECTING: it tries again, and sends Last-Event-ID. CLOSED: it never will; the answer was no event stream.
    line.state(source.readyState === EventSource.CLOSED ? "refused" : "away");
  };
  watch(source, line); // for notice-silence
}

// for notice-silence: a line can die without a sign. Heartbeats come on a living one, so a long silence is the sign.
function watch(source, line) {
  let timer;
  const heard = ({ lastEventId }) => {
    line.last = lastEventId || line.last;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (source.readyState === EventSource.CLOSED) return;
      line.state("silent");
      source.close();
      connect(line);
    }, line.patience_ms);
  };
  for (const kind of ["open", "message", "heartbeat"]) source.addEventListener(kind, heard);
  heard({});
}

// for two-way: a request of its own, which can fail on its own.
async function post(line, text) {
  const fields = { "Content-Type": "application/json" };
  fields.Authorization = `Bearer ${line.token}`; // for auth
  const answer = await fetch("/messages", { method: "POST", headers: fields, body: JSON.stringify({ text }) });
  if (!answer.ok) throw new Error(`not said: HTTP ${answer.status}`);
}
