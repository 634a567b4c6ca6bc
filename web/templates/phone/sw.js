/* Keeps the files of the pages, and the pages of the person who is signed in, so that work goes on without network.
   Pages come from the network if it answers within 2.5 s, else from the phone. A page is kept under its owner's name
   (X-Phone); when somebody else signs in, what belonged to the one before goes. */
"use strict";
const FILES = "files-1";
const KEEP = {{ files | tojson }};
const NO_NETWORK = {{ offline | tojson }};
const PATIENCE = 2500;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(FILES).then(async (cache) => {
      for (const address of [...KEEP, NO_NETWORK]) {
        if (address === NO_NETWORK || !(await cache.match(address))) await cache.add(address);
      }
      await self.skipWaiting();
    }),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(FILES);
      const wanted = new Set([...KEEP, NO_NETWORK].map((address) => new URL(address, location).href));
      for (const asked of await cache.keys()) if (!wanted.has(asked.url)) await cache.delete(asked);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const asked = event.request;
  const address = new URL(asked.url);
  if (asked.method !== "GET" || address.origin !== location.origin) return;
  if (address.pathname.startsWith("/static/")) event.respondWith(file(asked));
  else if (asked.mode === "navigate") event.respondWith(page(asked));
});

async function file(asked) {
  return (await caches.match(asked)) || fetch(asked);
}

async function page(asked) {
  const answer = fetch(asked).then((fresh) => {
    if (fresh.ok && !fresh.redirected) keep(asked, fresh.clone());
    return fresh;
  });
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  const first = await Promise.race([answer.catch(() => null), late]);
  if (first) return first;
  const kept = await fromPhone(asked);
  if (kept) return kept;
  return answer.catch(() => caches.match(NO_NETWORK));
}

async function fromPhone(asked) {
  for (const name of await caches.keys()) {
    if (!name.startsWith("pages-")) continue;
    const found = await (await caches.open(name)).match(asked, { ignoreVary: true });
    if (found) return found;
  }
  return undefined;
}

async function keep(asked, answer) {
  const owner = answer.headers.get("X-Phone");
  if (!owner) return;
  const mine = `pages-${owner}`;
  for (const name of await caches.keys()) if (name.startsWith("pages-") && name !== mine) await caches.delete(name);
  await (await caches.open(mine)).put(asked.url.split("#")[0], answer);
}

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(tell());
});

async function tell() {
  for (const each of await self.clients.matchAll()) each.postMessage("flush");
}
