import type { Recommendation } from 'proclivity';
import { h } from '../dom.ts';
import type { Shop } from '../shop.ts';
import { shortTitle } from '../title.ts';

const WORDS: Partial<Record<string, string>> = {
  scores: 'By score alone',
  novelty: 'Less of what everyone knows',
  diversity: 'Less of the same',
};

/** For developers: the shelf after each stage that had a say in it. */
export function tracePanel({ catalogue }: Shop): { element: HTMLElement; show: (answer: Recommendation) => void } {
  const list = h('ol', { class: 'trace-stages' });
  const element = h('details', { class: 'trace' }, h('summary', {}, 'How this shelf came about'), list);
  const show = ({ trace = [], items }: Recommendation): void => {
    const stages = trace.length > 0 ? trace : [{ stage: 'scores', ids: items.map(({ id }) => id) }];
    list.replaceChildren(...stages.map(({ stage, ids }) => h(
      'li',
      { 'data-stage': stage },
      h('b', {}, WORDS[stage] ?? stage),
      ` ${ids.map((id) => shortTitle(catalogue.title(id))).join(', ')}`,
    )));
  };
  return { element, show };
}
