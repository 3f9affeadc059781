import { h, icon } from '../dom.ts';

export interface Drawer {
  dialog: HTMLDialogElement;
  /** Where the content goes. */
  body: HTMLElement;
  open(): void;
  close(): void;
}

/**
 * A panel from the side (on a phone from below) as a modal dialog: the browser keeps the focus inside,
 * closes it with Escape and gives the focus back.
 */
export function drawer(id: string, label: string, onClose: () => void = () => undefined): Drawer {
  const body = h('div', { class: 'drawer-body' });
  const close = h(
    'button',
    { type: 'button', class: 'icon-button drawer-close', 'aria-label': 'Close', onclick: () => { dialog.close(); } },
    icon('icon-close'),
  );
  const announcer = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite', 'data-announcer': '' });
  const dialog = h('dialog', { class: 'drawer', id, 'aria-label': label, closedby: 'any' }, close, body, announcer);
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  dialog.addEventListener('close', onClose);
  return {
    dialog,
    body,
    open: () => { if (!dialog.open) dialog.showModal(); },
    close: () => { dialog.close(); },
  };
}
