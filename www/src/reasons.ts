import type { EventType, Reason } from 'proclivity';
import type { Shop } from './shop.ts';
import { shortTitle } from './title.ts';

/** A reason in words. `learnt` is false for what any visitor would be shown. */
export interface ReasonText {
  text: string;
  learnt: boolean;
}

const VERBS: Partial<Record<EventType, string>> = {
  purchase: 'bought',
  cart: 'added',
  bookmark: 'liked',
  view: 'viewed',
};

/** "Because you bought Bananas": the weightiest reason that can be told, "Bought 3 times before", or else "Popular here". */
export function reasonText(reasons: readonly Reason[], { catalogue }: Shop): ReasonText {
  const because = reasons.find((reason) => reason.type === 'because_of');
  if (because) {
    const verb = VERBS[because.event] ?? 'chose';
    return { text: `Because you ${verb} ${shortTitle(catalogue.title(because.itemId))}`, learnt: true };
  }
  const again = reasons.find((reason) => reason.type === 'buy_again');
  if (again) {
    return { text: again.times > 1 ? `Bought ${String(again.times)} times before` : 'Bought once before', learnt: true };
  }
  return { text: 'Popular here', learnt: false };
}
