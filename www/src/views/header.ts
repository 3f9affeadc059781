import { h, icon } from '../dom.ts';
import type { Shop } from '../shop.ts';
import { onThemeChange, theme, toggleTheme } from '../theme.ts';

export interface HeaderActions {
  /** Called on each keystroke. */
  search(query: string): void;
  /** Down or Enter in the search field. */
  toResults(): void;
  openCart(): void;
  goHome(): void;
}

/** Name, search, theme and cart. */
export function header({ store }: Shop, actions: HeaderActions): HTMLElement {
  const badge = h('span', { class: 'badge' });
  const unit = h('span', { class: 'visually-hidden' });
  const cart = h(
    'button',
    { type: 'button', class: 'button button-cart', id: 'open-cart', onclick: () => { actions.openCart(); } },
    icon('icon-basket'), h('span', { class: 'wide-only' }, 'Cart'), badge, unit,
  );
  const count = () => {
    const units = [...store.cart.values()].reduce((sum, quantity) => sum + quantity, 0);
    badge.textContent = String(units);
    badge.hidden = units === 0;
    unit.textContent = units === 0 ? ', empty' : units === 1 ? ' product' : ' products';
  };
  store.on('cart', count);
  count();
  return h(
    'header',
    { class: 'header' },
    h(
      'div',
      { class: 'header-inner' },
      h(
        'a',
        { class: 'brand', href: '#', onclick: (event: Event) => { event.preventDefault(); actions.goHome(); } },
        h('span', { class: 'brand-name' }, 'Larder'),
        h('span', { class: 'brand-note' }, 'runs on Proclivity'),
      ),
      searchField(actions),
      themeButton(),
      cart,
    ),
  );
}

function searchField(actions: HeaderActions): HTMLElement {
  const input = h('input', {
    type: 'search', id: 'search', class: 'search-input', placeholder: 'Search products', autocomplete: 'off', spellcheck: 'false',
    'aria-label': 'Search products', 'aria-keyshortcuts': '/', enterkeyhint: 'search',
    oninput: () => { actions.search(input.value); },
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        input.value = '';
        actions.search('');
      } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
        event.preventDefault();
        if (input.value.trim()) actions.toResults();
      }
    },
  });
  document.addEventListener('keydown', (event) => {
    const typing = (event.target as HTMLElement).closest('input, select, textarea, dialog');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    input.focus();
  });
  return h(
    'search',
    { class: 'search' },
    icon('icon-search'), input, h('kbd', { class: 'search-key', 'aria-hidden': 'true' }, '/'),
  );
}

function themeButton(): HTMLElement {
  const button = h('button', { type: 'button', class: 'icon-button', id: 'theme', onclick: () => { toggleTheme(); draw(); } });
  const draw = () => {
    const dark = theme() === 'dark';
    button.replaceChildren(icon(dark ? 'icon-sun' : 'icon-moon'));
    button.setAttribute('aria-label', dark ? 'Use the light theme' : 'Use the dark theme');
  };
  onThemeChange(draw);
  draw();
  return button;
}
