// The package as a bundled page uses it. The test calls these two from outside.
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
