import type { Reason } from 'proclivity';
import type { Shop } from './shop.ts';

/** A reason in words. `learnt` is false for what any visitor would be shown. */
export interface ReasonText {
  text: string;
  learnt: boolean;
}

const VERBS: Partial<Record<string, string>> = {
  purchase: 'bought',
  cart: 'added',
  bookmark: 'liked',
  view: 'viewed',
};

/** "Because you bought Bananas": the weightiest reason that can be told, else "Popular here". */
export function reasonText(reasons: readonly Reason[], { store, catalogue }: Shop): ReasonText {
  const because = reasons.find((reason) => reason.type === 'because_of');
  if (because) {
    const verb = VERBS[store.strongest(because.itemId) ?? ''] ?? 'chose';
    return { text: `Because you ${verb} ${shortTitle(catalogue.title(because.itemId))}`, learnt: true };
  }
  return { text: 'Popular here', learnt: false };
}

/** A title without its size and brand class, which come after the first comma or in brackets. */
function shortTitle(title: string): string {
  return title.split(/,| \(/, 1)[0] ?? title;
}
