import { announce } from '../announce.ts';
import type { Product } from '../catalogue.ts';
import { h, reducedMotion } from '../dom.ts';
import { count, millis } from '../format.ts';
import { reasonText, type ReasonText } from '../reasons.ts';
import type { Shop } from '../shop.ts';
import { moveWithArrows } from './arrow-keys.ts';
import { card, setReason } from './card.ts';
import { tracePanel } from './trace.ts';
import { wishes } from './wishes.ts';

const SHELF = 10;

interface Place {
  product: Product;
  reason: ReasonText;
}

/** The shelf that changes with everything the visitor does: ten products, each with its reason. */
export function forYou(shop: Shop): HTMLElement {
  const { engine, catalogue, store } = shop;
  const list = h('ul', { class: 'shelf', 'aria-labelledby': 'for-you-title' });
  const note = h('p', { class: 'section-note', id: 'for-you-note' });
  const trace = tracePanel(shop, () => { updateSoon(false); });
  moveWithArrows(list);

  let asked = 0;
  let unsaid = false; // that the shelf has changed
  const update = async (told: boolean) => {
    const turn = (asked += 1);
    unsaid ||= told && turn > 1;
    list.setAttribute('aria-busy', 'true');
    const answer = await engine.recommend({
      count: SHELF, explain: true, filter: catalogue.forSale(), exclude: [...store.cart.keys()], ...store.wishes, trace: trace.open(),
    });
    if (turn !== asked) return; // something newer has been asked for meanwhile
    const places = answer.items.flatMap(({ id, reasons }) => {
      const product = catalogue.get(id);
      return product ? [{ product, reason: reasonText(reasons, shop) }] : [];
    });
    arrange(list, places, shop);
    trace.show(answer);
    note.textContent = `Ranked here from ${count(engine.info().items)} products in ${millis(answer.millis)}.`;
    list.setAttribute('aria-busy', 'false');
    if (unsaid) announce(summary(places), 'shelf');
    unsaid = false;
  };
  const updateSoon = (told = true) => void update(told).catch((error: unknown) => { note.textContent = String(error); });
  store.on('profile', () => { updateSoon(); });
  store.on('cart', () => { updateSoon(); });
  store.on('bought', () => { list.scrollLeft = 0; });
  updateSoon();

  return h(
    'section',
    { class: 'section for-you', id: 'for-you', tabindex: '-1', 'aria-labelledby': 'for-you-title' },
    h('div', { class: 'section-head' }, h('h2', { id: 'for-you-title' }, 'For you'), note),
    list,
    wishes(shop),
    trace.element,
  );
}

function summary(places: readonly Place[]): string {
  const learnt = places.filter(({ reason }) => reason.learnt).length;
  const first = places[0];
  return first ? `For you has changed: ${String(learnt)} of ${String(places.length)} chosen from what you did. First: ${first.product.title}.` : 'For you is empty.';
}

/** Puts the cards in their new order. Cards that stay are moved, not made again, and glide to their place. */
function arrange(list: HTMLElement, places: readonly Place[], shop: Shop): void {
  const old = new Map([...list.children].map((element) => [(element as HTMLElement).dataset.itemId, element as HTMLElement]));
  const before = new Map([...old.values()].map((element) => [element, element.getBoundingClientRect()]));
  const next = places.map(({ product, reason }) => {
    const kept = old.get(product.id);
    if (kept) setReason(kept, reason);
    return kept ?? card(product, shop, reason);
  });
  const lostFocus = list.contains(document.activeElement) && !next.some((element) => element.contains(document.activeElement));
  next.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  while (list.children.length > next.length) list.lastElementChild?.remove();
  if (lostFocus) list.querySelector<HTMLElement>('.card-link')?.focus({ preventScroll: true });
  if (!reducedMotion()) glide(next, before);
}

function glide(cards: readonly HTMLElement[], before: ReadonlyMap<HTMLElement, DOMRect>): void {
  const easing = 'cubic-bezier(0.2, 0.8, 0.2, 1)';
  for (const element of cards) {
    const from = before.get(element);
    if (!from) {
      element.animate([{ opacity: 0, transform: 'translateY(12px)' }, { opacity: 1, transform: 'none' }], { duration: 320, easing });
      continue;
    }
    const to = element.getBoundingClientRect();
    if (from.x === to.x && from.y === to.y) continue;
    element.animate(
      [{ transform: `translate(${String(from.x - to.x)}px, ${String(from.y - to.y)}px)` }, { transform: 'none' }],
      { duration: 420, easing },
    );
  }
}
