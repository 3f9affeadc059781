import type { Product } from '../catalogue.ts';
import { h, icon } from '../dom.ts';
import type { Shop } from '../shop.ts';

/** "Add", which becomes a stepper once the product is in the cart. Draws itself again when the cart changes. */
export function buyButton(product: Product, shop: Shop): HTMLElement {
  const { store } = shop;
  const holder = h('div', { class: 'buy', 'data-buy': product.id });
  const draw = () => {
    const quantity = store.cart.get(product.id) ?? 0;
    if (String(quantity) === holder.dataset.quantity) return;
    const hadFocus = holder.contains(document.activeElement);
    holder.dataset.quantity = String(quantity);
    holder.replaceChildren(...(quantity > 0 ? stepper(product, quantity, shop) : [addButton(product, shop)]));
    if (hadFocus) holder.querySelector<HTMLElement>('[data-add]')?.focus();
  };
  holder.addEventListener('cart', draw);
  draw();
  return holder;
}

/** Tells every buy button of the page that the cart has changed. */
export function refreshBuyButtons(): void {
  for (const holder of document.querySelectorAll('[data-buy]')) holder.dispatchEvent(new Event('cart'));
}

function addButton(product: Product, { store }: Shop): HTMLElement {
  return h(
    'button',
    {
      type: 'button', class: 'button button-add', 'data-add': '', 'aria-label': `Add ${product.title} to cart`,
      onclick: () => void store.add(product.id),
    },
    icon('icon-plus'),
    h('span', {}, 'Add'),
  );
}

function stepper(product: Product, quantity: number, { store }: Shop): HTMLElement[] {
  const step = (label: string, symbol: string, change: () => void, isAdd = false) =>
    h('button', { type: 'button', class: 'step', 'data-add': isAdd, 'aria-label': label, onclick: change }, icon(symbol));
  return [
    h(
      'div',
      { class: 'stepper', role: 'group', 'aria-label': `${product.title}: ${String(quantity)} in cart` },
      step(`One ${product.title} less`, 'icon-minus', () => void store.setQuantity(product.id, quantity - 1)),
      h('span', { class: 'stepper-count', 'aria-hidden': 'true' }, String(quantity)),
      step(`One ${product.title} more`, 'icon-plus', () => void store.add(product.id), true),
    ),
  ];
}
