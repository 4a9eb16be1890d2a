// A page over WebSocket: the browser connects, once; whatever else it does is written here. See ../server.py for the marks.

// `told.state(word)` and `told.message(text)` hear what happens.
export function open(told) {
  const line = {
    ...told,
    failures: 0, // for reconnect: in a row
    last: "", // for resume: the id of the last message
    timer: 0, // for notice-silence
    heard: null, // for notice-silence: to be called when anything comes
    socket: null, // for two-way
  };
  connect(line);
  return {
    send: async (text) => say(line, text), // for two-way
  };
}

function connect(line) {
  const url = new URL("/stream", location.href.replace("http", "ws"));
  url.searchParams.set("token", line.token); // for auth: no headers can be given
  if (line.last !== "") url.searchParams.set("since", line.last); // for resume
  const socket = new WebSocket(url);
  line.socket = socket; // for two-way
  socket.onopen = () => line.state("open");
  socket.onmessage = ({ data }) => {
    line.heard(); // for notice-silence
    take(JSON.parse(data), line);
  };
  socket.onclose = ({ code }) => {
    clearTimeout(line.timer); // for notice-silence
    if (code === 4401) return line.state("refused"); // for auth: trying again would not help
    line.state("away"); // 1012 is a restart in good order, 1006 a line that broke, and more is not told
    setTimeout(() => connect(line), delay_ms(line)); // for reconnect
  };
  line.heard = watch(socket, line); // for notice-silence
}

function take(message, line) {
  line.failures = 0; // for reconnect
  line.last = message.id ?? line.last; // for resume
  if ("text" in message) line.message(message.text);
}

// for reconnect: wait longer each time, and not as long as the others, or all come back in the same moment.
function delay_ms(line) {
  line.failures += 1;
  return Math.random() * Math.min(10000, 250 * 2 ** line.failures);
}

// for notice-silence: a line can die without a sign. Heartbeats come on a living one, so a long silence is the sign.
function watch(socket, line) {
  const heard = () => {
    clearTimeout(line.timer);
    line.timer = setTimeout(() => {
      line.state("silent");
      socket.onclose({ code: 1006 }); // at once: the closing handshake would wait for somebody who is not there
      socket.onclose = socket.onmessage = null;
      socket.close();
    }, line.patience_ms);
  };
  heard();
  return heard;
}

// for two-way: on the same line, so it can only be said while there is one.
function say(line, text) {
  if (line.socket.readyState !== WebSocket.OPEN) throw new Error("not said: the line is away");
  line.socket.send(text);
}
