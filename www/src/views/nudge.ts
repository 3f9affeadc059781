import type { BestTime } from 'proclivity';
import { announce } from '../announce.ts';
import { h } from '../dom.ts';
import type { Shop } from '../shop.ts';

const DAY = new Intl.DateTimeFormat('en', { weekday: 'long' });
const HOUR = new Intl.DateTimeFormat('en', { hour: 'numeric' });

/** When the visitor does not want to be disturbed: from and to, in hours of the day. */
const QUIET: readonly (readonly [name: string, hours: readonly [number, number] | undefined])[] = [
  ['not at night', [21, 8]],
  ['in the evening', [22, 17]],
  ['in the morning', [12, 7]],
  ['at any time', undefined],
];

/**
 * When would one like a nudge, and when it would then come. Nothing is sent: the shop only says what it would choose, and learns from what one
 * says of a nudge that came now.
 */
export function nudge({ engine, store }: Shop): HTMLElement {
  const text = h('p', { id: 'nudge' });
  const wish = h('select', { class: 'select', id: 'nudge-when', 'aria-label': 'When would you like a nudge?', onchange: () => { drawSoon(); } }, ...QUIET.map(([name], at) => h('option', { value: String(at) }, name)));
  const draw = async (): Promise<void> => {
    const quietHours = QUIET[Number(wish.value)]?.[1];
    const best = await engine.bestTime({ within: '7d', explore: false, ...(quietHours && { quietHours }) });
    text.textContent = best ? sentence(best) : 'Not this week.';
  };
  const drawSoon = (): void => void draw().catch((error: unknown) => { text.textContent = String(error); });
  const answer = (word: string, opened: boolean) => h('button', { type: 'button', class: 'button button-quiet', onclick: () => {
    void engine.pushed({ opened }).then(() => { announce(`Noted: ${word.toLowerCase()}`); drawSoon(); }).catch((error: unknown) => { text.textContent = String(error); });
  } }, word);
  const now = h('div', { class: 'nudge-now', role: 'group', 'aria-label': 'If a nudge came now' }, h('span', {}, 'If one came now:'), answer('I would open it', true), answer('I would not', false));
  store.on('profile', drawSoon);
  drawSoon();
  return h('section', { class: 'nudge', 'aria-label': 'When to nudge you' }, h('h3', {}, 'When would you like a nudge?'), wish, text, now);
}

function sentence({ at, until, probability, usual, confidence }: BestTime): string {
  const times = probability / usual;
  const when = `${DAY.format(at)}, ${HOUR.format(at)} to ${HOUR.format(until)}`;
  const whose = confidence < 0.05 ? 'as most shoppers do' : `${(100 * confidence).toFixed(0)} % from your own visits`;
  return `${when}: ${times.toFixed(1)} times as likely to suit you as any other time, ${whose}.`;
}
