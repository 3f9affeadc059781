import type { Product } from '../catalogue.ts';
import { h } from '../dom.ts';
import { price } from '../format.ts';
import type { ReasonText } from '../reasons.ts';
import { href } from '../route.ts';
import type { Shop } from '../shop.ts';
import { titleNodes } from '../title.ts';
import { buyButton } from './buy-button.ts';
import { opinions } from './opinions.ts';
import { tile } from './tile.ts';

/** A product in a shelf or a grid. With a reason it carries the shelf's label under its picture. */
export function card(product: Product, shop: Shop, reason?: ReasonText): HTMLElement {
  return h(
    'li',
    { class: 'card', 'data-item-id': product.id },
    tile(product),
    reason && reasonLabel(reason),
    h(
      'div',
      { class: 'card-body' },
      h('p', { class: 'card-category' }, product.category),
      h('h3', { class: 'card-title' }, h('a', { class: 'card-link', href: href({ item: product.id }) }, ...titleNodes(product.title))),
      h(
        'div',
        { class: 'card-foot' },
        h('p', { class: 'price' }, price(product.price)),
        buyButton(product, shop),
      ),
    ),
    opinions(product, shop),
  );
}

/** Sets a card's reason in place, so that a card that stays on the shelf keeps its focus. */
export function setReason(element: HTMLElement, reason: ReasonText): void {
  element.querySelector('.reason')?.replaceWith(reasonLabel(reason));
}

function reasonLabel({ text, learnt }: ReasonText): HTMLElement {
  return h('p', { class: learnt ? 'reason reason-learnt' : 'reason', title: text }, h('span', {}, text));
}
