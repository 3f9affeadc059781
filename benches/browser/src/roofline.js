// The best that the page's processor gives, and from it the least time a work can take.

/** Work a round of each function of roofline.wat, and rounds a sample. */
const PROBES = {
  read: { each: 32 * 2 ** 20, rounds: 1 },
  f32: { each: 32, rounds: 400_000 },
  f32Fused: { each: 32, rounds: 400_000 },
  int8: { each: 128, rounds: 400_000 },
  int16: { each: 64, rounds: 400_000 },
};
/** Long enough for the optimising compiler to take over. */
const PROBE_MS = 400;

/** Bytes, or products, a second: the best of many samples. */
export async function measureRoofline() {
  const { instance } = await WebAssembly.instantiate(await (await fetch('/models/roofline.wasm')).arrayBuffer());
  const { memory, ...probes } = instance.exports;
  // Memory that was never written is one page of zeros over and over, and would be read from the nearest cache.
  new Uint32Array(memory.buffer).forEach((_, at, words) => (words[at] = at));
  const rates = {};
  for (const [name, { each, rounds }] of Object.entries(PROBES)) {
    let best = Infinity;
    const began = performance.now();
    for (let now = began; now - began < PROBE_MS; ) {
      const start = now;
      probes[name](rounds);
      now = performance.now();
      best = Math.min(best, now - start);
    }
    rates[name] = (each * rounds) / (best / 1000);
  }
  return rates;
}
