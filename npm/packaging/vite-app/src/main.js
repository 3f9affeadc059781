// The package as a bundled page uses it. The test calls these from outside.
import { Recommender } from 'proclivity';
import simd128 from 'proclivity/proclivity_bg.wasm?url';
import { threePurchases } from './purchases.mjs';

let recommender;

// `plain` sets the build that every browser takes by hand, as a page without a bundler's help would.
window.load = async ({ plain, ...options }) => {
  recommender = await Recommender.load('/model.safetensors', { ...options, wasm: plain ? simd128 : undefined });
  return recommender.info();
};

window.recommend = async () => {
  const { ids: known } = await recommender.catalogue();
  const purchases = threePurchases(known);
  for (const itemId of purchases) await recommender.observe({ type: 'purchase', itemId, timestamp: 0 });
  const { items, millis } = await recommender.recommend({ count: 10 });
  return { known, purchases, ids: items.map(({ id }) => id), millis };
};

window.settled = () => recommender.settled();

/** Disposes of a recommender at each of some moments of its trial of the GPU, and of one that is answering. */
window.disposeEarly = async (options) => {
  for (const wait of [0, 20, 100, 300]) {
    const early = await Recommender.load('/model.safetensors', { ...options, backend: 'auto' });
    const trial = early.useBackend('auto');
    await new Promise((resolve) => window.setTimeout(resolve, wait));
    const outcomes = Promise.allSettled([trial, early.recommend()]);
    early.dispose();
    const [tried, answered] = await outcomes;
    if (answered.reason?.code !== 'disposed') throw new Error(`expected "disposed", found ${answered.reason}`);
    if (tried.status === 'rejected' && tried.reason.code !== 'disposed') throw tried.reason; // it may have ended before
  }
};
