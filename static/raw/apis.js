/**
 * APIs beside those that the transports need: asked for, and used where that can be done. Loaded by who asks.
 *
 *   api {name, said, because?}   "absent": the engine has it not · "is there": it has, and it was not used ·
 *                                "works": it was used and did what it should · "otherwise", or words: what it did instead ·
 *                                "hangs" · "fails: TypeError": an error of that name was thrown
 *
 * Each has `has`, which asks for the API and for nothing else, and `use`, which resolves with whether it works, or with
 * words for what it did instead. In every group one asks for an API that nobody has: who finds that believes anything.
 */

const isFunction = (name) => typeof globalThis[name] === "function";
const inside = (name, property) => isFunction(name) && property in globalThis[name].prototype;
const always = () => true;

/** The body of a response that says "one two three". */
const bodyOf = async (url) => (await fetch(url, { cache: "no-store" })).body;
const isAll = (text) => text === "one two three";

async function textOf(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = "";
  for (let turn = await reader.read(); !turn.done; turn = await reader.read()) {
    text += typeof turn.value === "string" ? turn.value : decoder.decode(turn.value, { stream: true });
  }
  return text;
}

/** What an iterable gives, as text. */
async function iterated(chunks) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text;
}

/** Whether a WebSocket opens; it is closed again. */
function opens(socket) {
  return new Promise((done) => {
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
  }).finally(() => socket.close());
}

/** A request with a stream for a body. What is no body becomes a text, "[object ReadableStream]", and texts have a type. */
const streaming = (options) => new Request("/", { method: "POST", body: new ReadableStream(), ...options });
const takesStreams = () => !streaming({ duplex: "half" }).headers.has("Content-Type");

const GROUPS = {
  eventsource: {
    url: {
      has: () => inside("EventSource", "url"),
      use: async ({ stream }) => {
        const source = new EventSource(stream);
        source.close();
        return source.url === stream;
      },
    },
    with_credentials: {
      has: () => inside("EventSource", "withCredentials"),
      use: async ({ stream }) => {
        const sources = [{ withCredentials: true }, {}].map((options) => new EventSource(stream, options));
        sources.forEach((source) => source.close());
        return sources[0].withCredentials === true && sources[1].withCredentials === false;
      },
    },
  },
  "websocket addresses": {
    http_address: { has: always, use: ({ http }) => opens(new WebSocket(http)) },
    relative_address: { has: always, use: ({ http }) => opens(new WebSocket(new URL(http).pathname)) },
    url: {
      has: () => inside("WebSocket", "url"),
      use: async ({ ws }) => {
        const socket = new WebSocket(ws);
        const { url } = socket;
        await opens(socket);
        return url === ws;
      },
    },
  },
  "websocket successors": {
    secure_context: { has: () => isSecureContext },
    websocketstream: {
      has: () => isFunction("WebSocketStream"),
      use: async ({ ws }) => {
        const socket = new WebSocketStream(ws);
        const { readable } = await socket.opened;
        const { value } = await readable.getReader().read();
        socket.close();
        return value === "1 one";
      },
    },
    websocketstream_closed: {
      has: () => inside("WebSocketStream", "closed"),
      use: async ({ ws }) => {
        const socket = new WebSocketStream(ws);
        await socket.opened;
        socket.close({ closeCode: 4001, reason: "enough" });
        const { closeCode, reason } = await socket.closed;
        return closeCode === 4001 && reason === "enough";
      },
    },
    webtransport: { has: () => isFunction("WebTransport") },
    webtransport_datagrams: { has: () => inside("WebTransport", "datagrams") },
  },
  "body readers": {
    async_iteration: {
      has: () => isFunction("ReadableStream") && Symbol.asyncIterator in ReadableStream.prototype,
      use: async ({ plain }) => isAll(await iterated(await bodyOf(plain))),
    },
    values: {
      has: () => inside("ReadableStream", "values"),
      use: async ({ plain }) => isAll(await iterated((await bodyOf(plain)).values({ preventCancel: true }))),
    },
    from: {
      has: () => isFunction("ReadableStream") && typeof ReadableStream.from === "function",
      use: async () => isAll(await textOf(ReadableStream.from(["one ", "two ", "three"]))),
    },
    text_decoder_stream: {
      has: () => isFunction("TextDecoderStream") && inside("ReadableStream", "pipeThrough"),
      use: async ({ plain }) => isAll(await textOf((await bodyOf(plain)).pipeThrough(new TextDecoderStream()))),
    },
    decompression: {
      has: () => isFunction("DecompressionStream"),
      use: async ({ packed }) => isAll(await textOf((await bodyOf(packed)).pipeThrough(new DecompressionStream("gzip")))),
    },
    tee: {
      has: () => inside("ReadableStream", "tee"),
      use: async ({ plain }) => (await Promise.all((await bodyOf(plain)).tee().map(textOf))).every(isAll),
    },
    transfer: {
      has: () => isFunction("ReadableStream") && isFunction("structuredClone"),
      use: async ({ plain }) => {
        const body = await bodyOf(plain);
        return isAll(await textOf(structuredClone(body, { transfer: [body] })));
      },
    },
    byte_reader: {
      has: () => isFunction("ReadableStreamBYOBReader"),
      use: async ({ plain }) => {
        const reader = (await bodyOf(plain)).getReader({ mode: "byob" });
        const { value } = await reader.read(new Uint8Array(3));
        await reader.cancel();
        return new TextDecoder().decode(value) === "one";
      },
    },
    bytes: {
      has: () => inside("Response", "bytes"),
      use: async ({ plain }) => isAll(new TextDecoder().decode(await (await fetch(plain)).bytes())),
    },
    text_stream: {
      has: () => inside("Response", "textStream"),
      use: async ({ plain }) => isAll(await textOf((await fetch(plain)).textStream())),
    },
    timeout_signal: {
      has: () => isFunction("AbortSignal") && typeof AbortSignal.timeout === "function",
      use: ({ silent }) =>
        fetch(silent, { signal: AbortSignal.timeout(50) }).catch(({ name }) => name === "TimeoutError" || `ends as ${name}`),
    },
    any_signal: {
      has: () => isFunction("AbortSignal") && typeof AbortSignal.any === "function",
      use: async () => {
        const abort = new AbortController();
        const any = AbortSignal.any([new AbortController().signal, abort.signal]);
        abort.abort();
        return any.aborted;
      },
    },
  },
  "request streams": {
    duplex: {
      has: () => inside("Request", "duplex"),
      use: async () => streaming({ duplex: "half" }).duplex === "half",
    },
    duplex_option: {
      has: () => {
        let asked = false;
        const duplex = { get: () => ((asked = true), "half"), enumerable: true };
        new Request("/", Object.defineProperty({ method: "POST", body: new ReadableStream() }, "duplex", duplex));
        return asked;
      },
    },
    stream_as_a_body: { has: takesStreams },
    stream_sent: {
      has: takesStreams,
      use: () => {
        const body = new ReadableStream({ start: (sink) => (sink.enqueue(new Uint8Array(1)), sink.close()) });
        const sent = fetch("data:text/plain,one", { method: "POST", body, duplex: "half" }); // asks for no connection
        return sent.then(() => true, ({ name }) => `rejects with ${name}`);
      },
    },
  },
};
const CONTROL = { nobody_has: { has: () => isFunction("PneumaticTubeSource") || inside("Response", "pneumaticTube") } };

/** Ask for all APIs of a group, one after the other, each for at most `ms`. */
export async function askFor({ group, urls, ms }, record) {
  for (const [name, { has, use }] of Object.entries({ ...CONTROL, ...GROUPS[group] })) {
    try {
      if (!has()) record("api", { name, said: "absent" });
      else if (!use) record("api", { name, said: "is there" });
      else {
        const late = new Promise((done) => setTimeout(done, ms, null));
        const works = await Promise.race([use(urls), late]);
        const said = works === true ? "works" : works === null ? "hangs" : works || "otherwise";
        record("api", { name, said });
      }
    } catch (error) {
      record("api", { name, said: `fails: ${error.name}`, because: String(error) });
    }
  }
}
