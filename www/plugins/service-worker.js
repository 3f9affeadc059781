// The shop with the network cut. Stores every file of the build once and answers from that store;
// the build fills in the version and the list. Nothing is fetched after installation.
const VERSION = '__VERSION__';
const FILES = ['__FILES__'];
const STORE = `shop-${VERSION}`;
// The library comes in two builds, of which this browser fetches the one with relaxed SIMD if it takes this probe of it.
const RELAXED = self.WebAssembly.validate(Uint8Array.from(
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
));
const wanted = (url) => !url.endsWith('.wasm') || url.includes('_relaxed_') === RELAXED;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const store = await caches.open(STORE);
      // 'no-cache' revalidates, so files the page has just fetched are not downloaded again.
      await store.addAll(FILES.filter(wanted).map((url) => new Request(url, { cache: 'no-cache' })));
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
