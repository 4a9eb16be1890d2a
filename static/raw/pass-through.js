/** A service worker that passes on whatever its pages ask for, and tells them that it did. */

addEventListener("install", () => skipWaiting());
addEventListener("activate", (activated) => activated.waitUntil(clients.claim()));
addEventListener("fetch", (asked) => {
  asked.respondWith(fetch(asked.request));
  asked.waitUntil(clients.get(asked.clientId).then((page) => page?.postMessage(new URL(asked.request.url).pathname)));
});
