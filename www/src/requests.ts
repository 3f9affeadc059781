/**
 * Counts the network requests this page makes, in two independent ways that are added up once each:
 * calls of `fetch`, XMLHttpRequest, `sendBeacon`, WebSocket and EventSource, counted as they are
 * made, and the browser's own resource timing entries for everything else (images, scripts, styles).
 * Imported first, so that it wraps before anything else can keep a reference.
 */

/** Resource timing initiators whose requests are counted at the call already. */
const COUNTED_AT_CALL = new Set(['fetch', 'xmlhttprequest', 'beacon']);

let counted = 0;
let base = 0;
let since = Number.POSITIVE_INFINITY;
const listeners = new Set<() => void>();

function increment(): void {
  counted += 1;
  for (const listener of listeners) listener();
}

const { fetch } = globalThis;
globalThis.fetch = (...args) => {
  increment();
  return fetch(...args);
};

const { open } = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, ...args: unknown[]) {
  increment();
  return Reflect.apply(open, this, args) as undefined;
};

const { sendBeacon } = navigator;
navigator.sendBeacon = (...args) => {
  increment();
  return sendBeacon.apply(navigator, args);
};

for (const name of ['WebSocket', 'EventSource'] as const) {
  Reflect.set(
    globalThis,
    name,
    new Proxy(globalThis[name], {
      construct(target, args, newTarget) {
        increment();
        return Reflect.construct(target, args, newTarget) as object;
      },
    }),
  );
}

new PerformanceObserver((list) => {
  for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
    if (entry.startTime >= since && !COUNTED_AT_CALL.has(entry.initiatorType)) increment();
  }
}).observe({ type: 'resource', buffered: true });

/** Draws the line: what was requested until now belongs to loading. */
export function startCounting(): void {
  base = counted;
  since = performance.now();
}

/** Requests since `startCounting`. */
export function requestsSinceLoad(): number {
  return counted - base;
}

export function onRequest(listener: () => void): void {
  listeners.add(listener);
}
