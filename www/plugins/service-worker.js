// The shop with the network cut. Stores every file of the build once and answers from that store;
// the build fills in the version and the list. Nothing is fetched after installation.
const VERSION = '__VERSION__';
const FILES = ['__FILES__'];
const STORE = `shop-${VERSION}`;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const store = await caches.open(STORE);
      // 'no-cache' revalidates, so files the page has just fetched are not downloaded again.
      await store.addAll(FILES.map((url) => new Request(url, { cache: 'no-cache' })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith('shop-') && name !== STORE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  const key = request.mode === 'navigate' ? '/' : url.pathname;
  event.respondWith(
    (async () => {
      const store = await caches.open(STORE);
      return (await store.match(key)) ?? fetch(request);
    })(),
  );
});
