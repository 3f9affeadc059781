import { h } from './dom.ts';

/** What stands between a title proper and what tells variants apart: "Large Eggs, 1 dozen · store brand". */
const SEPARATOR = ' · ';

/** A title as a card shows it: the variant after it, softer. The text as a whole is the title. */
export function titleNodes(title: string): (Node | string)[] {
  const at = title.indexOf(SEPARATOR);
  if (at < 0) return [title];
  const variant = title.slice(at + SEPARATOR.length);
  return [title.slice(0, at), ' ', h('span', { class: 'title-separator' }, '· '), h('span', { class: 'title-variant' }, variant)];
}

/** A title without size, brand class and variant, for the middle of a sentence. */
export function shortTitle(title: string): string {
  return title.split(/, | · | \(/, 1)[0] ?? title;
}
