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

export function readSaved(): Saved {
  const nothing: Saved = { profile: null, events: [], cart: [] };
  try {
    return { ...nothing, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Saved>) };
  } catch {
    return nothing;
  }
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
  } catch {
    return;
  }
}
