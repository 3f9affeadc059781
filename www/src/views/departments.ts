import { h } from '../dom.ts';
import { href, onRoute, route } from '../route.ts';
import type { Shop } from '../shop.ts';

/** The shop's departments as links. */
export function departments({ catalogue }: Shop): HTMLElement {
  const nav = h('nav', { class: 'departments', 'aria-label': 'Departments' });
  const draw = () => {
    const { department } = route();
    const link = (name: string | null, text: string) =>
      h(
        'a',
        { class: 'department', href: href({ department: name, category: null, item: null }), 'aria-current': name === department && 'page' },
        text,
      );
    nav.replaceChildren(link(null, 'All'), ...catalogue.departments.map(({ name }) => link(name, name)));
  };
  onRoute(draw);
  draw();
  return nav;
}
