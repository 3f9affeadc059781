import type { Reason } from 'proclivity';
import { describeReason } from 'proclivity/reasons';
import type { Shop } from './shop.ts';
import { shortTitle } from './title.ts';

/** A reason in words. `learnt` is false for what any visitor would be shown. */
export interface ReasonText {
  text: string;
  learnt: boolean;
}

/** The weightiest reason that can be told: "Because you bought Bananas", "Bought 3 times", or else "Popular here". */
export function reasonText(reasons: readonly Reason[], { catalogue }: Shop): ReasonText {
  const reason = reasons.find(({ type }) => type === 'because_of') ?? reasons.find(({ type }) => type === 'buy_again');
  if (reason === undefined) return { text: 'Popular here', learnt: false };
  return { text: describeReason(reason, { name: (itemId) => shortTitle(catalogue.title(itemId)) }), learnt: true };
}
