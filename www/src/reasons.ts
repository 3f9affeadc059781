import type { Reason } from 'proclivity';
import { describeReason } from 'proclivity/reasons';
import type { Shop } from './shop.ts';
import { shortTitle } from './title.ts';

/** A reason in words. `learnt` is false for what any visitor would be shown. */
export interface ReasonText {
  text: string;
  learnt: boolean;
}

const TOLD: readonly Reason['type'][] = ['promoted', 'because_of', 'buy_again', 'taste'];

/** The most telling reason: "Because you bought Bananas", "Bought 3 times", "You often choose Cheese", or else "Popular here". */
export function reasonText(reasons: readonly Reason[], { catalogue }: Shop): ReasonText {
  const [reason] = TOLD.flatMap((told) => reasons.find(({ type }) => type === told) ?? []);
  if (reason === undefined) return { text: 'Popular here', learnt: false };
  return { text: describeReason(reason, { name: (itemId) => shortTitle(catalogue.title(itemId)) }), learnt: reason.type !== 'promoted' };
}
