import { announce } from '../announce.ts';
import type { Product } from '../catalogue.ts';
import { h } from '../dom.ts';
import { plural } from '../format.ts';
import { href, route } from '../route.ts';
import type { Shop } from '../shop.ts';
import { moveWithArrows } from './arrow-keys.ts';
import { card } from './card.ts';

const PAGE = 24;
const MOST_CATEGORIES = 14;

type Order = 'taste' | 'low' | 'high';

/** The products of a department, a category or a search, a page at a time. */
export interface Aisle {
  element: HTMLElement;
  /** Shows what the address says, or the results of a search where `query` is not empty. */
  show(query: string): Promise<void>;
  focusFirst(): void;
}

export function aisle(shop: Shop): Aisle {
  const { catalogue, engine, search } = shop;
  let query = '';
  let order: Order = 'taste';
  let length = PAGE;
  let turn = 0;

  const title = h('h2', { id: 'products-title' });
  const note = h('p', { class: 'section-note' });
  const categories = h('nav', { class: 'chips', 'aria-label': 'Categories' });
  const grid = h('ul', { class: 'grid', 'aria-labelledby': 'products-title' });
  const more = h('button', { type: 'button', class: 'button button-outline more' }, 'Show more products');
  const sorting = h(
    'select',
    { id: 'order', class: 'select', onchange: () => { order = sorting.value as Order; void draw(); } },
    h('option', { value: 'taste' }, 'Best for you'),
    h('option', { value: 'low' }, 'Price, low to high'),
    h('option', { value: 'high' }, 'Price, high to low'),
  );
  moveWithArrows(grid);

  /** All matching products in order, or as many as are shown where the recommender ranks them. */
  const pick = async (): Promise<{ products: readonly Product[]; all: number }> => {
    if (query) {
      const found = search.find(query);
      return { products: sorted(found, order), all: found.length };
    }
    const { department, category } = route();
    const here = catalogue.products.filter(
      (product) => (!department || product.department === department) && (!category || product.category === category),
    );
    if (order !== 'taste') return { products: sorted(here, order), all: here.length };
    const filter = catalogue.forSale();
    if (department) filter.department = [department];
    if (category) filter.category = [category];
    const { items } = await engine.recommend({ count: Math.min(length, here.length) || 1, filter, includeSeen: true, explain: false });
    return { products: items.flatMap(({ id }) => catalogue.get(id) ?? []), all: here.length };
  };

  const draw = async () => {
    const mine = (turn += 1);
    const { products, all } = await pick();
    if (mine !== turn) return;
    const { department, category } = route();
    title.textContent = query ? `Results for “${query}”` : (category ?? department ?? 'All products');
    note.textContent = plural(all, 'product');
    categories.replaceChildren(...(query ? [] : categoryLinks(shop)));
    grid.replaceChildren(...products.slice(0, length).map((product) => card(product, shop)));
    if (all === 0) grid.replaceChildren(nothing(query));
    more.hidden = length >= all;
    element.dataset.query = query;
    if (query) announce(`${plural(all, 'product')} for ${query}`, 'search');
  };

  more.addEventListener('click', () => {
    const next = length;
    length += PAGE;
    void draw().then(() => grid.querySelectorAll<HTMLElement>('.card-link')[next]?.focus());
  });

  const element = h(
    'section',
    { class: 'section', id: 'products', tabindex: '-1', 'aria-labelledby': 'products-title' },
    h(
      'div',
      { class: 'section-head' }, title, note,
      h('div', { class: 'order' }, h('label', { for: 'order', class: 'visually-hidden' }, 'Sort products'), sorting),
    ),
    categories,
    grid,
    more,
  );
  return {
    element,
    async show(text) {
      query = text.trim();
      length = PAGE;
      await draw();
    },
    focusFirst: () => grid.querySelector<HTMLElement>('.card-link')?.focus(),
  };
}

function sorted(products: readonly Product[], order: Order): readonly Product[] {
  if (order === 'taste') return products;
  const sign = order === 'low' ? 1 : -1;
  return [...products].sort((a, b) => sign * (a.price - b.price));
}

function categoryLinks({ catalogue }: Shop): HTMLElement[] {
  const { department, category } = route();
  const all = catalogue.department(department)?.categories ?? [];
  if (all.length < 2) return [];
  const shown = all.slice(0, MOST_CATEGORIES);
  const current = all.find(({ name }) => name === category);
  if (current && !shown.includes(current)) shown.push(current);
  const link = (name: string | null, text: string) =>
    h('a', { class: 'chip', href: href({ category: name, item: null }), 'aria-current': name === category && 'true' }, text);
  return [link(null, 'Everything'), ...shown.map(({ name }) => link(name, name))];
}

function nothing(query: string): HTMLElement {
  return h(
    'li',
    { class: 'empty' },
    h('p', { class: 'empty-title' }, `No product matches “${query}”`),
    h('p', {}, 'Try a shorter word, such as milk, bread or apples.'),
  );
}
