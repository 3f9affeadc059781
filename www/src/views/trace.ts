import type { Recommendation } from 'proclivity';
import { h } from '../dom.ts';
import { count } from '../format.ts';
import type { Shop } from '../shop.ts';
import { shortTitle } from '../title.ts';

type Stage = NonNullable<Recommendation['trace']>[number];

const WORDS: Partial<Record<string, string>> = {
  scores: 'By score alone',
  exclude: 'Not what is in the cart',
  filter: 'What the shop sells here',
  seen: 'Not what you know already',
  novelty: 'Less of what everyone knows',
  diversity: 'Less of the same',
};

/** For developers: the shelf after each stage that had a say in it. `change` is called where it is opened, since nothing is traced before. */
export function tracePanel({ catalogue }: Shop, change: () => void): { open: () => boolean; element: HTMLElement; show: (answer: Recommendation) => void } {
  const list = h('ol', { class: 'trace-stages' });
  const element = h('details', { class: 'trace' }, h('summary', {}, 'How this shelf came about'), list);
  element.addEventListener('toggle', () => { if (element.open) change(); });
  const stage = ({ stage, left, ids }: Stage, before?: Stage): HTMLElement => h(
    'li',
    { 'data-stage': stage },
    h('b', {}, WORDS[stage] ?? stage),
    left === before?.left ? '' : ` (${count(left)} products)`,
    ` ${ids.map((id) => shortTitle(catalogue.title(id))).join(', ')}`,
  );
  const show = ({ trace = [] }: Recommendation): void => {
    list.replaceChildren(...trace.map((after, at) => stage(after, trace[at - 1])));
  };
  return { open: () => element.open, element, show };
}
