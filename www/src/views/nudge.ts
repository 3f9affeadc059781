import type { BestTime } from 'proclivity';
import { h } from '../dom.ts';
import type { Shop } from '../shop.ts';

const DAY = new Intl.DateTimeFormat('en', { weekday: 'long' });
const HOUR = new Intl.DateTimeFormat('en', { hour: 'numeric' });

/** When a reminder would come at a good moment. Nothing is sent: the shop only says what it would choose. */
export function nudge({ engine, store }: Shop): HTMLElement {
  const text = h('p', { id: 'nudge' });
  const draw = async (): Promise<void> => {
    const best = await engine.bestTime({ within: '7d', quietHours: [21, 8], explore: false });
    text.textContent = best ? sentence(best) : 'Not this week.';
  };
  const drawSoon = (): void => void draw().catch((error: unknown) => { text.textContent = String(error); });
  store.on('profile', drawSoon);
  drawSoon();
  return h('section', { class: 'nudge', 'aria-label': 'When to nudge you' }, h('h3', {}, 'A nudge would come'), text);
}

function sentence({ at, until, probability, usual, confidence }: BestTime): string {
  const times = probability / usual;
  const when = `${DAY.format(at)}, ${HOUR.format(at)} to ${HOUR.format(until)}`;
  const whose = confidence < 0.05 ? 'as most shoppers do' : `${(100 * confidence).toFixed(0)} % from your own visits`;
  return `${when}: ${times.toFixed(1)} times as likely to suit you as any other time, ${whose}.`;
}
