// What the profile says of its owner, in the catalogue's own words: to be shown, and taken back.

import { argumentError } from './errors.js';
import type { Recommender } from './recommender.js';

/** One thing the profile believes: that its owner cares for a value of a category column. */
export interface Interest {
  column: string;
  /** Such as `Produce`. */
  value: string;
  /** How much of all that the user did speaks for it, 0 to 1; those of one column sum up to 1. */
  share: number;
  /** The items it is believed of, the strongest first. */
  itemIds: string[];
}

/**
 * What the profile amounts to by the values of a category column, the strongest first; nothing where it is empty.
 *
 * @throws {@link ProclivityError} `argument` for a column that is no category.
 */
export async function interests(recommender: Recommender, column: string): Promise<Interest[]> {
  const { ids, columns } = await recommender.catalogue();
  const found = columns[column];
  if (found?.type !== 'category') {
    const names = Object.entries(columns).filter(([, { type }]) => type === 'category').map(([name]) => name);
    throw argumentError(`"column" to be a category column, among ${names.join(', ')}`, column, 'name one of these');
  }
  const codes = new Map(ids.map((id, item) => [id, found.codes[item] ?? 0]));
  const history = (await recommender.history()).filter(({ strength }) => strength > 0).sort((a, b) => b.strength - a.strength);
  const total = history.reduce((sum, { strength }) => sum + strength, 0);
  const believed = new Map<string, Interest>();
  for (const { itemId, strength } of history) {
    const value = found.values[codes.get(itemId) ?? 0] ?? '';
    const interest = believed.get(value) ?? { column, value, share: 0, itemIds: [] };
    believed.set(value, { ...interest, share: interest.share + strength / total, itemIds: [...interest.itemIds, itemId] });
  }
  return [...believed.values()].sort((a, b) => b.share - a.share);
}

/**
 * Takes back all that an interest is believed of, as if it had not been.
 *
 * @throws {@link ProclivityError} `storage` or `storage_full`, as for {@link Recommender.observe}.
 */
export async function forgetInterest(recommender: Recommender, { itemIds }: Interest): Promise<void> {
  const unwanted = new Set(itemIds);
  for (const { type, itemId, timestamp } of await recommender.events()) {
    if (unwanted.has(itemId)) await recommender.retract({ type, itemId, ...(timestamp === undefined ? {} : { timestamp }), ...(type === 'rating' || type === 'portion' ? { value: 1 } : {}) });
  }
}
