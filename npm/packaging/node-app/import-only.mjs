// As during server-side rendering: importing reads and makes no global, and does no work.
for (const name of ['fetch', 'WebAssembly', 'crypto', 'performance', 'navigator', 'Response']) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      throw new Error(`importing proclivity touched ${name}`);
    },
  });
}
const before = Object.getOwnPropertyNames(globalThis).length;
const { Recommender, ProclivityError } = await import('proclivity');
if (typeof Recommender.load !== 'function' || typeof ProclivityError !== 'function') throw new Error('exports are missing');
if (Object.getOwnPropertyNames(globalThis).length !== before) throw new Error('importing proclivity made a global');
