import type { Interest } from 'proclivity/interests';
import { announce } from '../announce.ts';
import { h, icon } from '../dom.ts';
import type { Shop } from '../shop.ts';

/** Beliefs that are shown unasked, the strongest ones. */
const SHOWN = 5;

/** What the device believes its owner cares for, as bars; each can be taken back. */
export function beliefs({ store }: Shop): HTMLElement {
  const list = h('ul', { class: 'beliefs', 'aria-label': 'What it believes you care for' });
  const file = h('input', { type: 'file', accept: 'application/json,.json', id: 'import-file', hidden: true, onchange: () => void take() });
  const note = h('p', { class: 'profile-note', role: 'status' });
  const take = async (): Promise<void> => {
    const [chosen] = file.files ?? [];
    file.value = '';
    if (chosen === undefined) return;
    try {
      await store.carryIn(JSON.parse(await chosen.text()) as Record<string, unknown>);
      note.textContent = '';
      announce('The profile was taken over.');
    } catch (error) {
      note.textContent = `This file is no profile: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  const give = async (): Promise<void> => {
    const url = URL.createObjectURL(new Blob([JSON.stringify(await store.carryOut())], { type: 'application/json' }));
    h('a', { href: url, download: 'profile.json' }).click();
    URL.revokeObjectURL(url);
  };
  const exporting = h('button', { type: 'button', class: 'button button-outline', id: 'export', onclick: () => void give() }, 'Take along');
  let all = false;
  const more = h('button', { type: 'button', class: 'button button-quiet', onclick: () => { all = !all; drawSoon(); } });
  let drawn = 0;
  const draw = async (): Promise<void> => {
    const turn = (drawn += 1);
    const found = await store.interests();
    if (turn !== drawn) return;
    const hadFocus = list.contains(document.activeElement);
    list.replaceChildren(...found.slice(0, all ? found.length : SHOWN).map((interest) => bar(interest, store)));
    more.hidden = found.length <= SHOWN;
    more.textContent = all ? 'The strongest alone' : `All ${String(found.length)}`;
    if (hadFocus) (list.querySelector<HTMLElement>('button') ?? exporting).focus();
  };
  const drawSoon = (): void => void draw().catch((error: unknown) => { note.textContent = String(error); });
  store.on('profile', drawSoon);
  drawSoon();
  return h(
    'div',
    { class: 'profile' },
    list,
    more,
    h(
      'div',
      { class: 'profile-actions' },
      exporting,
      h('button', { type: 'button', class: 'button button-outline', id: 'import', onclick: () => { file.click(); } }, 'Bring in'),
      file,
    ),
    note,
  );
}

function bar(interest: Interest, store: Shop['store']): HTMLElement {
  const share = `${(100 * interest.share).toFixed(0)} %`;
  return h(
    'li',
    { class: 'belief', 'data-value': interest.value },
    h('span', { class: 'belief-name' }, interest.value),
    h('span', { class: 'belief-bar', 'aria-hidden': 'true', style: { '--share': interest.share.toFixed(3) } }),
    h('span', { class: 'belief-share' }, share),
    h(
      'button',
      {
        type: 'button', class: 'icon-button icon-button-small', 'aria-label': `Forget ${interest.value}`, title: 'Not true of me',
        onclick: () => void store.forgetItems(interest.itemIds).then(() => { announce(`${interest.value} is forgotten.`); }),
      },
      icon('icon-close'),
    ),
  );
}
