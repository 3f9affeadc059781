import { announce } from '../announce.ts';
import { h, icon } from '../dom.ts';
import { plural, price, total } from '../format.ts';
import { href } from '../route.ts';
import type { Shop } from '../shop.ts';
import { titleNodes } from '../title.ts';
import { buyButton } from './buy-button.ts';
import { drawer, type Drawer } from './drawer.ts';
import { tile } from './tile.ts';

/** The cart. "Buy" turns every line into a purchase event; nothing is charged and nothing is sent. */
export function cartDrawer(shop: Shop, toShelf: () => void): Drawer {
  const { store } = shop;
  const panel = drawer('cart', 'Cart');
  let bought = 0;

  const draw = () => {
    const focused = panel.body.contains(document.activeElement);
    panel.body.replaceChildren(
      h('h2', { class: 'drawer-title' }, 'Cart'),
      ...(store.cart.size > 0 ? lines(shop, buy) : bought > 0 ? receipt(bought, seeShelf) : empty()),
    );
    if (!focused) return;
    const next = panel.body.querySelector<HTMLElement>('.drawer-focus') ?? panel.dialog.querySelector<HTMLElement>('.drawer-close');
    next?.focus();
  };
  const buy = async () => {
    bought = store.cart.size;
    await store.buy();
    announce(`Bought ${plural(bought, 'product')}. For you has learnt from it.`);
  };
  const seeShelf = () => {
    panel.close();
    toShelf();
  };
  store.on('cart', () => {
    const same = [...panel.body.querySelectorAll<HTMLElement>('[data-line]')].map((line) => line.dataset.line).join();
    if (panel.dialog.open && same === [...store.cart.keys()].join()) {
      const sum = panel.body.querySelector('.cart-sum');
      if (sum) sum.textContent = total(sumOf(shop));
    } else if (panel.dialog.open) {
      draw();
    }
  });
  return {
    ...panel,
    open: () => {
      if (store.cart.size > 0) bought = 0;
      draw();
      panel.open();
    },
  };
}

function sumOf({ store, catalogue }: Shop): number {
  return [...store.cart].reduce((sum, [id, quantity]) => sum + quantity * (catalogue.get(id)?.price ?? 0), 0);
}

function lines(shop: Shop, buy: () => Promise<void>): HTMLElement[] {
  const { store, catalogue } = shop;
  const line = (id: string) => {
    const product = catalogue.get(id);
    return product && h(
      'li',
      { class: 'line', 'data-line': id },
      tile(product),
      h(
        'div', { class: 'line-text' },
        h('a', { class: 'line-title', href: href({ item: id }) }, ...titleNodes(product.title)),
        h('p', { class: 'price' }, price(product.price)),
      ),
      buyButton(product, shop),
      h(
        'button',
        { type: 'button', class: 'icon-button', 'aria-label': `Remove ${product.title}`, onclick: () => void store.setQuantity(id, 0) },
        icon('icon-close'),
      ),
    );
  };
  return [
    h('ul', { class: 'lines' }, ...[...store.cart.keys()].map(line)),
    h('div', { class: 'cart-foot' },
      h('p', { class: 'cart-total' }, 'Total', h('strong', { class: 'cart-sum' }, total(sumOf(shop)))),
      h('button', { type: 'button', class: 'button button-primary button-wide drawer-focus', id: 'buy', onclick: () => void buy() }, 'Buy'),
      h('p', { class: 'fine-print' }, 'A demo: nothing is charged, and nothing leaves this page.')),
  ];
}

function receipt(bought: number, seeShelf: () => void): HTMLElement[] {
  return [
    h(
      'div', { class: 'receipt' },
      h('span', { class: 'receipt-mark' }, icon('icon-check')),
      h('p', { class: 'empty-title' }, `Bought ${plural(bought, 'product')}`),
      h('p', {}, 'Your shelf has been ranked again, on this device.'),
      h('button', { type: 'button', class: 'button button-primary drawer-focus', id: 'see-shelf', onclick: seeShelf }, 'See what changed'),
    ),
  ];
}

function empty(): HTMLElement[] {
  return [
    h(
      'div', { class: 'receipt' },
      h('p', { class: 'empty-title' }, 'Your cart is empty'),
      h('p', {}, 'Add a product from a shelf, and buy it here.'),
    ),
  ];
}
