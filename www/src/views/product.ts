import type { Product } from '../catalogue.ts';
import { h } from '../dom.ts';
import { price } from '../format.ts';
import { go, href, onRoute, route } from '../route.ts';
import type { Shop } from '../shop.ts';
import { titleNodes } from '../title.ts';
import { buyButton } from './buy-button.ts';
import { card } from './card.ts';
import { drawer } from './drawer.ts';
import { opinions } from './opinions.ts';
import { tile } from './tile.ts';

const SIMILAR = 6;

/** The product named in the address, in a drawer, with what is similar to it. Opening it is a `view` event. */
export function productDrawer(shop: Shop): HTMLElement {
  let shown: string | null = null;
  // The close event comes late: another product may be in the address, or open, by then.
  const closed = () => { if (!panel.dialog.open && route().item === shown) go({ item: null }); };
  const panel = drawer('product', 'Product', closed);

  const update = async () => {
    const { item } = route();
    if (item === shown) return;
    shown = item;
    const product = item ? shop.catalogue.get(item) : undefined;
    if (!product) {
      panel.close();
      return;
    }
    const similar = h('ul', { class: 'grid grid-small', 'aria-labelledby': 'similar-title' });
    panel.dialog.setAttribute('aria-label', product.title);
    panel.body.replaceChildren(...details(product, shop), h('h3', { class: 'drawer-subtitle', id: 'similar-title' }, 'Similar products'), similar);
    panel.body.scrollTop = 0;
    panel.open();
    void shop.store.view(product.id);
    const { items } = await shop.engine.similar(product.id, { count: SIMILAR, filter: shop.catalogue.forSale() });
    if (shown !== item) return;
    similar.replaceChildren(...items.flatMap(({ id }) => {
      const other = shop.catalogue.get(id);
      return other ? [card(other, shop)] : [];
    }));
  };
  onRoute(() => void update());
  queueMicrotask(() => void update());
  return panel.dialog;
}

function details(product: Product, shop: Shop): HTMLElement[] {
  return [
    tile(product),
    h(
      'p',
      { class: 'drawer-path' },
      h('a', { href: href({ department: product.department, category: null, item: null }) }, product.department),
      ' / ',
      h('a', { href: href({ department: product.department, category: product.category, item: null }) }, product.category),
    ),
    h('h2', { class: 'drawer-title' }, ...titleNodes(product.title)),
    h(
      'div',
      { class: 'drawer-buy' },
      h('p', { class: 'price price-large' }, price(product.price)),
      buyButton(product, shop),
    ),
    opinions(product, shop, true),
  ];
}
