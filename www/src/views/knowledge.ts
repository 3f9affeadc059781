import { announce } from '../announce.ts';
import { h, icon } from '../dom.ts';
import { plural } from '../format.ts';
import type { Shop } from '../shop.ts';
import { beliefs } from './beliefs.ts';

const SHOWN = 8;

const WORDS: Partial<Record<string, readonly [word: string, symbol: string]>> = {
  view: ['Viewed', 'icon-eye'],
  cart: ['Added', 'icon-basket'],
  purchase: ['Bought', 'icon-bag'],
  bookmark: ['Liked', 'icon-heart'],
  dislike: ['Not this', 'icon-no'],
};

/** Everything the device has learnt from, newest first; each event can be unlearnt, or all at once. */
export function knowledge(shop: Shop): HTMLElement {
  const { store, catalogue } = shop;
  const title = h('h3', { tabindex: '-1' });
  const list = h('ul', { class: 'events' });
  const reset = h(
    'button',
    {
      type: 'button', class: 'button button-outline button-wide', id: 'reset',
      onclick: () => void store.reset().then(() => { announce('Everything this device knew is forgotten.'); }),
    },
    'Forget everything',
  );
  const draw = () => {
    const [listHadFocus, resetHadFocus] = [list.contains(document.activeElement), document.activeElement === reset];
    title.textContent = store.events.length === 0 ? 'It knows nothing yet' : `It knows ${plural(store.events.length, 'thing')}`;
    reset.disabled = store.events.length === 0 && store.cart.size === 0;
    const newest = store.events.map((event, index) => ({ event, index })).slice(-SHOWN).reverse();
    list.replaceChildren(
      ...newest.map(({ event, index }) => {
        const [word, symbol] = WORDS[event.type] ?? [event.type, 'icon-eye'];
        const name = catalogue.title(event.itemId);
        return h(
          'li',
          { class: 'event', 'data-event': event.type },
          icon(symbol),
          h('span', { class: 'event-text' }, h('b', {}, word), ' ', name),
          h(
            'button',
            {
              type: 'button', class: 'icon-button icon-button-small', 'aria-label': `Forget: ${word} ${name}`, title: 'Forget this',
              onclick: () => void store.forgetEvent(index),
            },
            icon('icon-close'),
          ),
        );
      }),
    );
    if (listHadFocus) (list.querySelector<HTMLElement>('button') ?? title).focus();
    else if (resetHadFocus && reset.disabled) title.focus();
  };
  store.on('profile', draw);
  store.on('cart', draw);
  draw();
  return h('section', { class: 'knowledge', 'aria-label': 'What this device knows' }, title, beliefs(shop), list, reset);
}
