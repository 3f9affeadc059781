// The package as a bundled page uses it. The test calls these two from outside.
import { Recommender } from 'proclivity';
import { threePurchases } from './purchases.mjs';

let recommender;

window.load = async (options) => {
  recommender = await Recommender.load('/model.safetensors', options);
  return recommender.info();
};

window.recommend = async () => {
  const { ids: known } = await recommender.catalogue();
  const purchases = threePurchases(known);
  for (const itemId of purchases) await recommender.observe({ type: 'purchase', itemId, timestamp: 0 });
  const { items, millis } = await recommender.recommend({ count: 10 });
  return { known, purchases, ids: items.map(({ id }) => id), millis };
};
