import { h } from '../dom.ts';
import type { Shop } from '../shop.ts';
import type { Wishes } from '../store.ts';

const SLIDERS: readonly (readonly [key: keyof Wishes, label: string, low: string, high: string])[] = [
  ['diversity', 'Variety', 'alike', 'varied'],
  ['novelty', 'Surprise', 'well known', 'unusual'],
];

/** How the visitor wants the shelf: two sliders, in effect at once. */
export function wishes({ store }: Shop): HTMLElement {
  const sliders = SLIDERS.map(([key, label, low, high]) => {
    const input = h('input', {
      type: 'range', min: '0', max: '1', step: '0.1', value: String(store.wishes[key]), name: key, 'aria-label': `${label}: from ${low} to ${high}`,
    });
    input.addEventListener('input', () => { store.wish({ [key]: Number(input.value) }); });
    return h('label', { class: 'wish' }, h('span', {}, label), input);
  });
  return h('div', { class: 'wishes', role: 'group', 'aria-label': 'How you want this shelf' }, ...sliders);
}
