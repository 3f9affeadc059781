// What arguments are checked with: each refuses by an `argument` error that says what was expected, what was found and what to do.

import { argumentError } from './errors.js';

export function checkItemId(itemId: unknown): string {
  if (typeof itemId === 'string' && itemId !== '') return itemId;
  throw argumentError('an item id, a non-empty string', itemId, 'pass an id as it stands in the catalogue, numbers as String(id)');
}

export function checkText(value: unknown, what: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw argumentError(`${what} to be a text`, value, 'pass a text or leave it out');
}

export function checkArray(value: unknown, what: string): unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw argumentError(`${what} to be an array`, value, 'pass a list, an empty one for none');
}

/** An options object with none but known keys; `undefined` counts as `{}`. */
export function checkKeys<K extends string>(options: unknown, known: readonly K[], what: string): Record<K, unknown> {
  if (options === undefined) return {} as Record<K, unknown>;
  if (!isRecord(options)) throw argumentError(`the options of ${what} to be an object`, options, `pass { ${known.join(', ')} }`);
  const unknownKey = Object.keys(options).find((key) => !(known as readonly string[]).includes(key));
  if (unknownKey !== undefined) {
    throw argumentError(`the options of ${what} to be among ${known.join(', ')}`, unknownKey, 'remove it or correct its spelling');
  }
  return options;
}

export function checkOneOf<T extends string>(value: unknown, accepted: readonly T[], what: string): T {
  const match = accepted.find((one) => one === value);
  if (match !== undefined) return match;
  throw argumentError(`${what} among ${accepted.join(', ')}`, value, 'use one of these');
}

export function checkFlag(given: Record<string, unknown>, key: string): boolean | undefined {
  const flag = given[key];
  if (flag === undefined || typeof flag === 'boolean') return flag;
  throw argumentError(`"${key}" to be true or false`, flag, 'pass a boolean');
}

export function checkFinite(value: unknown, what: string): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw argumentError(`${what} to be a finite number`, value, 'pass a number or leave it out');
}

export function checkNumber(value: unknown, what: string): number {
  const number = checkFinite(value, what);
  if (number === undefined) throw argumentError(`${what} to be a finite number`, value, 'pass a number');
  return number;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Drops the keys without a value, so that the engine's own defaults hold. */
export function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
