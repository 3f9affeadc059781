// Plain Node, no bundler: a model file, three purchases, ten items. Prints them as JSON.
import { Recommender } from 'proclivity';
import { threePurchases } from './purchases.mjs';

const recommender = await Recommender.load(process.env.PROCLIVITY_MODEL);
const { ids: known } = await recommender.catalogue();
const purchases = threePurchases(known);
for (const itemId of purchases) await recommender.observe({ type: 'purchase', itemId, timestamp: 0 });
const { items, millis } = await recommender.recommend({ count: 10 });
console.log(JSON.stringify({ info: recommender.info(), known, purchases, ids: items.map(({ id }) => id), millis }));
recommender.dispose();
