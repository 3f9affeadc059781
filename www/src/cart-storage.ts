/** All of the shop's own that survives a reload: the cart. What the visitor did is the recommender's to keep, in IndexedDB. */
export interface Saved {
  /** Item id → quantity. */
  cart: [string, number][];
}

const KEY = 'shop';
const UNREADABLE_KEY = 'shop-unreadable';

/** What the last visit left. Text that is no such thing is set aside, the console is told, and the shop starts fresh. */
export function readSaved(): Saved {
  const text = storedText();
  const saved = text === null ? null : parsed(text);
  if (isSaved(saved)) return saved;
  if (text !== null) setAside(text);
  return { cart: [] };
}

function storedText(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is blocked
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function setAside(text: string): void {
  console.warn(`expected a saved visit under "${KEY}" in localStorage, found something else; set aside under "${UNREADABLE_KEY}", starting fresh`);
  try {
    localStorage.removeItem(KEY);
    localStorage.setItem(UNREADABLE_KEY, text);
  } catch {
    return;
  }
}

function isSaved(value: unknown): value is Saved {
  return isObject(value) && Array.isArray(value.cart) && value.cart.every(isLine);
}

function isLine(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isInteger(value[1]) && value[1] > 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Storage may be blocked or full; the shop then works until the tab is closed. */
export function writeSaved(saved: Saved): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(saved));
  } catch {
    return;
  }
}

export function eraseSaved(): void {
  try {
    localStorage.removeItem(KEY);
    localStorage.removeItem(UNREADABLE_KEY);
  } catch {
    return;
  }
}

/** Calls `changed` whenever another page has written or erased. */
export function whenSavedElsewhere(changed: () => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) changed();
  });
}
