// The best that the page's processor gives, and from it the least time a work can take.

/** Work a round of each function of roofline.wat, and rounds a sample. */
const PROBES = {
  read: { each: 32 * 2 ** 20, rounds: 1 },
  f32: { each: 32, rounds: 400_000 },
  f32Fused: { each: 32, rounds: 400_000 },
  int8: { each: 64, rounds: 400_000 },
  int16: { each: 32, rounds: 400_000 },
};
const SAMPLES = 25;

/** Bytes, or products, a second: the best of some samples. */
export async function measureRoofline() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/models/roofline.wasm'));
  const rates = {};
  for (const [name, { each, rounds }] of Object.entries(PROBES)) {
    const run = instance.exports[name];
    let best = Infinity;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const start = performance.now();
      run(rounds);
      best = Math.min(best, performance.now() - start);
    }
    rates[name] = (each * rounds) / (best / 1000);
  }
  return rates;
}
