// Remembers which backend proved faster, by device and model, so that the next visit need not measure again.

import { isNode } from './runtime.js';
import type { Earlier, EngineInfo } from './engine.js';

const DAY = 24 * 60 * 60 * 1000;

/** What is stored; `adapter` is `null` where the CPU was faster. */
interface Entry extends Earlier {
  /** The browser; the adapter is checked where the GPU is opened. */
  device: string;
  /** Version of the engine: another one may have other kernels. */
  version: string;
  /** When it was measured, in milliseconds since 1970. */
  time: number;
  /** For how many days it holds. */
  days: number;
}

/** The outcome of an earlier trial of this model on this device, if it is recent; its reason says when it was measured. */
export function recall({ model, version }: EngineInfo): Earlier | undefined {
  try {
    const entry = JSON.parse(storage()?.getItem(key(model)) ?? 'null') as Partial<Entry> | null;
    const { adapter, reason, time, days } = entry ?? {};
    if (entry?.device !== navigator.userAgent || entry.version !== version || typeof reason !== 'string') return undefined;
    if (typeof time !== 'number' || typeof days !== 'number' || !(Date.now() - time < days * DAY)) return undefined;
    return { adapter: adapter ?? null, reason: `${reason} (measured on ${new Date(time).toISOString().slice(0, 10)})` };
  } catch {
    return undefined; // no storage, or something else's entry
  }
}

/** Stores the outcome of a trial that `info` reports, for so many days. */
export function remember({ model, version, adapter, reason }: EngineInfo, days: number): void {
  try {
    const entry: Entry = { device: navigator.userAgent, version, adapter, reason, time: Date.now(), days };
    storage()?.setItem(key(model), JSON.stringify(entry));
  } catch {
    // Full, forbidden, or not there (Node): the next visit measures again.
  }
}

/** Drops an outcome that proved wrong. */
export function unlearn({ model }: EngineInfo): void {
  try {
    storage()?.removeItem(key(model));
  } catch {
    // Forbidden: there was nothing to drop.
  }
}

const key = (model: string): string => `proclivity:backend:${model}`;

/** None in workers, nor in Node, which warns when its own is touched. */
function storage(): Storage | undefined {
  return isNode() ? undefined : globalThis.localStorage;
}
