/**
 * Streams that live elsewhere than in the page: in workers and frames, or with a service worker in their way.
 *
 *   elsewhere {stream, scope, said, ...}   what a stream in there emitted (streams.js), or `failed` {because}
 *   passed-through {place}                 the service worker in the way has passed a request of that path on
 *   dismissed {stream}                     the worker or frame is gone
 */

import { record } from "../timeline.js";

const WORKER = new URL("worker.js", import.meta.url);
const lives = new Map(); // name: how to end it

/** Become active, then go on: a service worker answers to nobody before. */
function activated(registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  return new Promise((done, failed) => {
    const look = () => {
      if (worker.state === "activated") done(worker);
      if (worker.state === "redundant") failed(new Error("the service worker did not install"));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

/** Each starts a place for streams; the value has how to send it a message with a port, and how to end it. */
const SCOPES = {
  async dedicated() {
    const worker = new Worker(WORKER, { type: "module" });
    return { worker, send: (...message) => worker.postMessage(...message), end: () => worker.terminate() };
  },
  async shared({ name }) {
    const worker = new SharedWorker(WORKER, { type: "module", name });
    worker.port.start();
    return { worker, port: worker.port, send: (...message) => worker.port.postMessage(...message), end: () => worker.port.close() };
  },
  async service({ name }) {
    const registration = await navigator.serviceWorker.register(WORKER, { type: "module", scope: `/static/raw/${name}/` });
    const worker = await activated(registration);
    return { send: (...message) => worker.postMessage(...message), end: () => registration.unregister() };
  },
  async frame({ page }) {
    const frame = document.createElement("iframe");
    frame.src = new URL("frame.html", page ?? import.meta.url);
    const loaded = new Promise((done) => frame.addEventListener("load", done));
    document.body.append(frame);
    await loaded;
    return { send: (message, ports) => frame.contentWindow.postMessage(message, "*", ports), end: () => frame.remove() };
  },
};

export const verbs = {
  /** Open a stream in a worker or frame: {name, scope, transport, url, ...}; a frame's `page` is where its page lies. */
  async openElsewhere({ scope, page, ...wanted }) {
    const { name } = wanted;
    const told = ({ data }) => record("elsewhere", { stream: name, scope, ...data });
    const failed = (error) => told({ data: { said: "failed", because: String(error.message ?? error) } });
    try {
      const place = await SCOPES[scope]({ name, page });
      place.worker?.addEventListener("error", failed);
      const { port1, port2 } = new MessageChannel();
      (place.port ?? port1).onmessage = told;
      place.send(wanted, place.port ? [] : [port2]);
      lives.set(name, () => {
        place.send({ name }, place.port ? [] : [new MessageChannel().port2]);
        return place.end();
      });
    } catch (error) {
      failed(error);
    }
  },

  /** Close a stream that lives elsewhere, and end the place it lived in. */
  async dismiss(name) {
    await lives.get(name)?.();
    record("dismissed", { stream: name });
  },

  /** From now on a service worker passes on whatever the page asks for. Its server has to allow the scope "/". */
  async passThrough(name) {
    const { serviceWorker } = navigator;
    serviceWorker.onmessage = ({ data }) => record("passed-through", { place: data });
    const controlled = new Promise((done) => serviceWorker.addEventListener("controllerchange", done));
    const registration = await serviceWorker.register(new URL("pass-through.js", import.meta.url), { scope: "/" });
    if (!serviceWorker.controller) await controlled;
    lives.set(name, () => registration.unregister());
  },
};
