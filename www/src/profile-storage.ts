import type { EventType, ProfileState } from 'proclivity';

/** One thing the visitor did, as the shop shows it under "what this device knows". */
export interface ShopEvent {
  type: EventType;
  itemId: string;
  /** Milliseconds since the epoch. */
  timestamp: number;
  value?: number;
}

/** All that survives a reload. It lives in this browser's localStorage and nowhere else. */
export interface Saved {
  profile: ProfileState | null;
  events: ShopEvent[];
  /** Item id → quantity. */
  cart: [string, number][];
}

const KEY = 'shop';
const UNREADABLE_KEY = 'shop-unreadable';
const TYPES: readonly unknown[] = ['view', 'cart', 'purchase', 'bookmark', 'dislike'] satisfies EventType[];

/** What the last visit left. Text that is no such thing is set aside, the console is told, and the shop starts fresh. */
export function readSaved(): Saved {
  const text = storedText();
  const saved = text === null ? null : parsed(text);
  if (isSaved(saved)) return saved;
  if (text !== null) setAside(text);
  return { profile: null, events: [], cart: [] };
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
  return isObject(value)
    && typeof value.profile === 'object' // null, or what the recommender itself checks on import
    && Array.isArray(value.events) && value.events.every(isEvent)
    && Array.isArray(value.cart) && value.cart.every(isLine);
}

function isEvent(value: unknown): boolean {
  return isObject(value) && TYPES.includes(value.type) && typeof value.itemId === 'string'
    && Number.isFinite(value.timestamp) && (value.value === undefined || Number.isFinite(value.value));
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
