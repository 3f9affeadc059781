import { announce } from '../announce.ts';
import type { Product } from '../catalogue.ts';
import { h, icon } from '../dom.ts';
import type { Shop } from '../shop.ts';

/** Shows every opinion as it now is: another page or the list of events may have changed it. */
export function refreshOpinions(): void {
  for (const button of document.querySelectorAll('[data-opinion]')) button.dispatchEvent(new Event('profile'));
}

/** The two opinions a visitor can give of a product: "like" and "not this". Both can be taken back. */
export function opinions(product: Product, { store }: Shop, withWords = false): HTMLElement {
  const opinion = (type: 'bookmark' | 'dislike', symbol: string, word: string, said: string) => {
    const button = h(
      'button',
      {
        type: 'button',
        class: withWords ? 'button button-quiet' : 'icon-button opinion',
        'data-opinion': type,
        'aria-pressed': String(store.has(type, product.id)),
        'aria-label': `${word}: ${product.title}`,
        title: word,
        onclick: () => {
          const now = button.getAttribute('aria-pressed') !== 'true';
          button.setAttribute('aria-pressed', String(now));
          announce(now ? said : `Taken back: ${word.toLowerCase()}, ${product.title}`);
          void store.opine(type, product.id, now);
        },
        onprofile: () => { button.setAttribute('aria-pressed', String(store.has(type, product.id))); },
      },
      icon(symbol),
      withWords && h('span', {}, word),
    );
    return button;
  };
  return h(
    'div',
    { class: withWords ? 'opinions opinions-wide' : 'opinions' },
    opinion('bookmark', 'icon-heart', 'Like', `Liked ${product.title}`),
    opinion('dislike', 'icon-no', 'Not this', `Left out of For you: ${product.title}`),
  );
}
