import { h } from '../dom.ts';
import { go, onRoute, route } from '../route.ts';
import type { Shop } from '../shop.ts';
import { aisle } from './aisle.ts';
import { refreshBuyButtons } from './buy-button.ts';
import { cartDrawer } from './cart.ts';
import { departments } from './departments.ts';
import { devicePanel } from './device.ts';
import { forYou } from './for-you.ts';
import { header } from './header.ts';
import { refreshOpinions } from './opinions.ts';
import { productDrawer } from './product.ts';

/** The whole shop. */
export function page(shop: Shop): HTMLElement[] {
  const products = aisle(shop);
  const main = h(
    'main',
    { class: 'main' },
    h(
      'div',
      { class: 'intro' },
      h('h1', {}, 'Groceries that get to know you, and keep it to themselves.'),
      h('p', {}, 'Look at something, add it, buy it: the shelf below is ranked again in this page. Nothing you do is sent anywhere.'),
    ),
    forYou(shop),
    products.element,
  );
  let query = '';
  const search = (text: string) => {
    query = text;
    main.classList.toggle('searching', text.trim() !== '');
    void products.show(text);
  };
  const clear = () => {
    const input = document.querySelector<HTMLInputElement>('#search');
    if (input) input.value = '';
    search('');
  };

  const toShelf = () => {
    clear(); // the results of a search stand in its place
    const shelf = document.getElementById('for-you');
    shelf?.scrollIntoView({ block: 'start' });
    shelf?.focus({ preventScroll: true });
  };
  const cart = cartDrawer(shop, toShelf);

  let shown = place();
  onRoute(() => {
    if (place() === shown) return;
    shown = place();
    clear();
    if (route().department) document.getElementById('products')?.scrollIntoView({ block: 'start' });
  });
  shop.store.on('cart', refreshBuyButtons);
  shop.store.on('profile', refreshOpinions);
  skipLinks(toShelf);
  void products.show('');

  const top = header(shop, {
    search,
    toResults: () => { if (query.trim()) products.focusFirst(); },
    openCart: () => { cart.open(); },
    goHome: () => {
      clear();
      go({ department: null, category: null, item: null });
      scrollTo({ top: 0 });
    },
  });
  return [
    h('div', { class: 'top' }, top, departments(shop)),
    h('div', { class: 'columns' }, main, h('aside', { class: 'side', 'aria-label': 'On your device' }, devicePanel(shop))),
    footer(),
    productDrawer(shop),
    cart.dialog,
  ];
}

function place(): string {
  const { department, category } = route();
  return `${department ?? ''}/${category ?? ''}`;
}

/** The address after # is the shop's own, so the skip links move the focus themselves. */
function skipLinks(toShelf: () => void): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.skip-link')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      if (link.hash === '#for-you') toShelf();
      else document.querySelector<HTMLElement>(link.hash)?.focus();
    });
  }
}

function footer(): HTMLElement {
  return h(
    'footer',
    { class: 'footer' },
    h('p', {}, 'A demonstration of Proclivity, recommendations that never leave the browser.'),
    h('p', {}, 'Products and prices: The Complete Journey, by 84.51°.'),
  );
}
