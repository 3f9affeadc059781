// What the profile believes, over the public class on a fake engine.

import { expect, it, vi } from 'vitest';
import type { Recommender } from '../src/index.js';
import { forgetInterest, interests } from '../src/interests.js';
import type { Catalogue, HistoryItem, InteractionEvent } from '../src/index.js';

const CATALOGUE: Catalogue = {
  ids: ['b', 'd', 'm', 'b2'],
  columns: { department: { type: 'category', values: ['Bakery', 'Dairy', 'Meat'], codes: Uint32Array.from([0, 1, 2, 0]) } },
};

function someone(history: HistoryItem[], events: InteractionEvent[] = []): Recommender {
  const retract = vi.fn((unwanted: InteractionEvent) => {
    const at = events.findLastIndex(({ type, itemId }) => type === unwanted.type && itemId === unwanted.itemId);
    events.splice(at, at < 0 ? 0 : 1);
    return Promise.resolve(at >= 0);
  });
  return { catalogue: () => Promise.resolve(CATALOGUE), history: () => Promise.resolve(history), events: () => Promise.resolve([...events]), retract } as unknown as Recommender;
}
const line = (itemId: string, strength: number): HistoryItem => ({ itemId, strength, seen: true, strongest: 'purchase' });

it('is shares of what was done, the strongest first, without what only counts as seen', async () => {
  const found = await interests(someone([line('d', 0.5), line('b', 1), line('m', 0), line('b2', 0.5)]), 'department');
  expect(found).toEqual([
    { column: 'department', value: 'Bakery', share: 0.75, itemIds: ['b', 'b2'] },
    { column: 'department', value: 'Dairy', share: 0.25, itemIds: ['d'] },
  ]);
  expect(await interests(someone([]), 'department')).toEqual([]);
  await expect(interests(someone([]), 'colour')).rejects.toThrow('among department');
});

it('can be taken back, everything it is believed of', async () => {
  const events: InteractionEvent[] = [
    { type: 'view', itemId: 'b' }, { type: 'purchase', itemId: 'b' }, { type: 'rating', itemId: 'b2', value: 5 }, { type: 'view', itemId: 'd', timestamp: 9_000 },
  ];
  const user = someone([line('b', 1), line('b2', 1), line('d', 0.15)], events);
  const [bakery] = await interests(user, 'department');
  await forgetInterest(user, bakery!);
  expect(events).toEqual([{ type: 'view', itemId: 'd', timestamp: 9_000 }]);
});
