// Checks what callers pass and copies it, so that a later change on their side does not reach the engine.

import { argumentError, ProclivityError } from './errors.js';
import type { CheckedOptions, CheckedTime, CheckedUser, EngineOptions, TimedEvent, TimedPush } from './engine.js';
import type {
  BackendChoice,
  BestTimeOptions,
  Context,
  EventType,
  Filter,
  InteractionEvent,
  ListOptions,
  LoadOptions,
  NewItem,
  NumberRange,
  ProfileState,
  ProfileStorage,
  Push,
  RecommendOptions,
  SimilarOptions,
} from './types.js';

const EVENT_TYPES: readonly EventType[] = ['view', 'click', 'cart', 'purchase', 'bookmark', 'rating', 'dislike', 'impression', 'portion'];
const BACKENDS: readonly BackendChoice[] = ['auto', 'webgpu', 'cpu'];
const BOUNDS: readonly (keyof NumberRange)[] = ['lt', 'lte', 'gt', 'gte'];
const LOAD_KEYS: readonly (keyof LoadOptions)[] = ['backend', 'worker', 'signal', 'onProgress', 'wasm', 'eventWeights', 'eventHalfLives', 'scenarios', 'storage', 'profile', 'onProblem'];
const EVENT_KEYS: readonly (keyof InteractionEvent)[] = ['type', 'itemId', 'value', 'timestamp'];
const PUSH_KEYS: readonly (keyof Push)[] = ['channel', 'timestamp', 'opened'];
const TIME_KEYS: readonly (keyof BestTimeOptions)[] = ['within', 'window', 'quietHours', 'minGapHours', 'dailyCap', 'channel', 'explore', 'seed'];
const NEW_ITEM_KEYS: readonly (keyof NewItem)[] = ['id', 'attributes'];
const SIMILAR_KEYS: readonly (keyof SimilarOptions)[] = ['count', 'exclude', 'include', 'filter'];
const LIST_KEYS: readonly (keyof ListOptions)[] = ['boosters', 'novelty', 'rotationRate', 'rotationHours', 'explore', 'rules', 'diversity', 'maxPerCategory', 'fairness', 'trace'];
const RECOMMEND_KEYS: readonly (keyof RecommendOptions)[] = [...SIMILAR_KEYS, ...LIST_KEYS, 'scenario', 'context', 'includeSeen', 'learn', 'explain', 'user'];
const RULE_KEYS = ['type', 'itemId', 'filter', 'position', 'by', 'from', 'until'] as const;

const DEFAULT_COUNT = 10;

const STORAGE_CALLS = ['read', 'write', 'clear'] as const satisfies readonly (keyof ProfileStorage)[];

/** Options of lists by name. */
export type Scenarios = ReadonlyMap<string, RecommendOptions>;

/** Options of `load` with their defaults, as {@link checkLoadOptions} gives them. */
export type CheckedLoad = Omit<LoadOptions, 'scenarios'> & { engine: EngineOptions; scenarios: Scenarios; worker: boolean; storage: 'memory' | 'indexeddb' | ProfileStorage; profile: string };

/** Options of `load`, checked; `source` is checked where it is opened. */
export function checkLoadOptions(options: unknown): CheckedLoad {
  const given = checkKeys(options, LOAD_KEYS, 'load');
  const { signal, profile = 'default' } = given;
  if (signal !== undefined && !isSignal(signal)) {
    throw argumentError('"signal" to be an AbortSignal', signal, 'pass the signal of an AbortController');
  }
  for (const key of ['onProgress', 'onProblem'] as const) {
    if (given[key] === undefined || typeof given[key] === 'function') continue;
    throw argumentError(`"${key}" to be a function`, given[key], 'pass a callback or leave it out');
  }
  if (typeof profile !== 'string' || profile === '') throw argumentError('"profile" to be a name', profile, "pass text, such as 'default'");
  return {
    ...(given as LoadOptions),
    engine: withoutUndefined({
      backend: given.backend === undefined ? 'auto' : checkBackend(given.backend),
      eventWeights: checkByType(given.eventWeights, 'eventWeights', '{ view: 0.3 }'),
      eventHalfLives: checkByType(given.eventHalfLives, 'eventHalfLives', '{ view: 7 }'),
    }),
    scenarios: checkScenarios(given.scenarios),
    worker: checkFlag(given, 'worker') ?? false,
    storage: checkStorage(given.storage),
    profile,
  };
}

/** Each is checked when it is asked for, with what is given then. */
function checkScenarios(given: unknown = {}): Scenarios {
  if (!isRecord(given)) throw argumentError('"scenarios" to be an object of options', given, 'pass { cart: { count: 4 } }');
  const one = ([name, options]: [string, unknown]): [string, RecommendOptions] => {
    const { scenario, user, ...rest } = checkKeys(options, RECOMMEND_KEYS, `the scenario "${name}"`);
    const found = scenario ?? user;
    if (found !== undefined) throw argumentError(`no "scenario" or "user" in the scenario "${name}"`, found, 'leave it to recommend');
    return [name, structuredClone(withoutUndefined(rest)) as RecommendOptions];
  };
  return new Map(Object.entries(given).map(one));
}

/** What is asked for, on top of the scenario it names. */
export function ofScenario(options: RecommendOptions | undefined, scenarios: Scenarios): unknown {
  if (!isRecord(options) || options.scenario === undefined) return options;
  const { scenario, ...rest } = options;
  const found = scenarios.get(scenario as string);
  if (found === undefined) {
    const names = [...scenarios.keys()].join(', ') || 'none: load was given no "scenarios"';
    throw argumentError(`"scenario" to be among ${names}`, scenario, 'name one that the recommender was loaded with');
  }
  return { ...found, ...withoutUndefined(rest) };
}

/** Numbers by type of event; types and bounds are the engine's to judge. */
function checkByType(given: unknown, key: string, example: string): Record<string, number> | undefined {
  if (given === undefined) return undefined;
  if (!isRecord(given)) throw argumentError(`"${key}" to be an object of numbers`, given, `pass ${example}`);
  return Object.fromEntries(Object.entries(given).map(([type, value]) => [type, checkNumber(value, `"${key}" of "${type}"`)]));
}

function checkStorage(storage: unknown = 'memory'): 'memory' | 'indexeddb' | ProfileStorage {
  if (typeof storage !== 'object' || storage === null) return checkOneOf(storage, ['memory', 'indexeddb'] as const, 'a "storage"');
  const missing = STORAGE_CALLS.find((call) => typeof (storage as Record<string, unknown>)[call] !== 'function');
  if (missing === undefined) return storage as ProfileStorage;
  throw argumentError(`"storage" to have ${STORAGE_CALLS.join(', ')}`, storage, `add the function ${missing}`);
}

export function checkBackend(name: unknown): BackendChoice {
  return checkOneOf(name, BACKENDS, 'a backend');
}

/** An event, checked, with `timestamp` filled in. */
export function checkEvent(event: unknown): TimedEvent {
  if (event === undefined) throw argumentError('an event', event, 'pass { type, itemId }');
  const given = checkKeys(event, EVENT_KEYS, 'observe');
  const value = checkFinite(given.value, '"value"');
  return {
    type: checkOneOf(given.type, EVENT_TYPES, 'an event "type"'),
    itemId: checkItemId(given.itemId),
    timestamp: checkFinite(given.timestamp, '"timestamp"') ?? Date.now(),
    ...(value === undefined ? {} : { value }),
  };
}

/** An event to be taken back, checked; without a time it is the latest of its type and item. */
export function checkRetraction(event: unknown): InteractionEvent {
  const { timestamp, value = 1, ...found } = checkEvent(event);
  const checked = { ...found, value }; // which a rating must have and plays no part
  return (event as InteractionEvent).timestamp === undefined ? checked : { ...checked, timestamp };
}

/** A message, checked, with channel and time filled in; their bounds are the engine's to judge. */
export function checkPush(push: unknown): TimedPush {
  const given = checkKeys(push, PUSH_KEYS, 'pushed');
  return withoutUndefined({
    channel: checkText(given.channel, '"channel"') ?? 'push',
    timestamp: checkFinite(given.timestamp, '"timestamp"') ?? Date.now(),
    opened: checkFlag(given, 'opened'),
  });
}

/** Options of `bestTime` with the user's clock, checked; bounds are the engine's to judge. */
export function checkTime(options: unknown): CheckedTime {
  const { within, explore, seed, ...given } = checkKeys(options, TIME_KEYS, 'bestTime');
  const drawn = checkFlag({ explore }, 'explore') ?? true;
  const quiet = given.quietHours;
  if (quiet !== undefined && !(Array.isArray(quiet) && quiet.length === 2)) {
    throw argumentError('"quietHours" to be two hours of the day', quiet, 'pass [22, 8] for the night');
  }
  const now = new Date();
  return withoutUndefined({
    now: now.getTime(),
    offset: -now.getTimezoneOffset(),
    within: checkHours(within),
    window: checkFinite(given.window, '"window"'),
    quietHours: quiet?.map((hour) => checkFinite(hour, 'an hour of "quietHours"') ?? 0) as [number, number] | undefined,
    minGapHours: checkFinite(given.minGapHours, '"minGapHours"'),
    dailyCap: checkFinite(given.dailyCap, '"dailyCap"'),
    channel: checkText(given.channel, '"channel"'),
    seed: drawn ? (checkFinite(seed, '"seed"') ?? drawSeed()) : undefined,
  });
}

/** Hours, as a number or as text such as `24h` or `7d`. */
function checkHours(within: unknown = '24h'): number {
  if (typeof within === 'number') return within;
  const [, number, unit] = (typeof within === 'string' ? /^(\d+(?:\.\d+)?)\s*([hd])$/.exec(within) : null) ?? [];
  if (number === undefined) throw argumentError('"within" to be hours, or text such as \'24h\' or \'7d\'', within, 'say how far ahead');
  return Number(number) * (unit === 'd' ? 24 : 1);
}

function checkText(value: unknown, what: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw argumentError(`${what} to be a text`, value, 'pass a text or leave it out');
}

/** Options of `recommend`, checked; `items` is the size of the catalogue. */
export function checkRecommendOptions(options: unknown, items: number): CheckedOptions {
  const given = checkKeys(options, RECOMMEND_KEYS, 'recommend');
  return withoutUndefined({
    ...checkSelection(given, items),
    ...checkList(given),
    context: checkContext(given.context),
    includeSeen: checkFlag(given, 'includeSeen'),
    learn: checkFlag(given, 'learn'),
    explain: checkFlag(given, 'explain'),
    user: given.user === undefined ? undefined : checkUser(given.user),
  }) as CheckedOptions;
}

/** Users and options of `recommendBatch`, checked; `items` is the size of the catalogue. */
export function checkBatch(users: unknown, options: unknown, items: number): { users: CheckedUser[]; options: CheckedOptions } {
  if (!Array.isArray(users)) {
    throw argumentError('users as an array of vectors or profile states', users, 'pass [vector, ...] or [state, ...]');
  }
  const checked = checkRecommendOptions(options, items);
  if (checked.user !== undefined) throw argumentError('no "user" among the options of a batch', checked.user, 'pass it among the users');
  return { users: users.map((user) => (isRecord(user) ? checkState(user) : checkUser(user))), options: checked };
}

/** Options of `similar` and `onboarding`, checked; `items` is the size of the catalogue. */
export function checkSimilarOptions(options: unknown, items: number, call = 'similar'): SimilarOptions {
  return withoutUndefined(checkSelection(checkKeys(options, SIMILAR_KEYS, call), items));
}

/** Items to be added, copied; ids and columns are the engine's to judge. */
export function checkNewItems(items: unknown): NewItem[] {
  if (!Array.isArray(items)) throw argumentError('an array of items', items, 'pass [{ id, attributes: { title: ... } }, ...]');
  return items.map((item) => {
    const { id, attributes = {} } = checkKeys(item, NEW_ITEM_KEYS, 'an item of addItems');
    if (!isRecord(attributes)) throw argumentError('"attributes" to be an object of column values', attributes, "pass { title: 'Rye bread', price: 3 }");
    const [cells, vectors]: [Record<string, unknown>, Record<string, number[]>] = [{}, {}];
    for (const [name, value] of Object.entries(attributes)) {
      if (Array.isArray(value) || value instanceof Float32Array) vectors[name] = checkNumbers(name, value);
      else cells[name] = value;
    }
    return { id: checkItemId(id), attributes: { ...checkCells(cells, 'attribute'), ...vectors } };
  });
}

export function checkItemId(itemId: unknown): string {
  if (typeof itemId === 'string' && itemId !== '') return itemId;
  throw argumentError('an item id, a non-empty string', itemId, 'pass an id as it stands in the catalogue, numbers as String(id)');
}

/** A profile state as a copy; its content is the engine's to judge. */
export function checkState(state: unknown): ProfileState {
  const advice = 'pass what export() returned, after JSON.parse if it was stored as text';
  if (!isRecord(state)) throw argumentError('a profile state, a plain object', state, advice);
  try {
    return structuredClone(state);
  } catch {
    throw new ProclivityError('argument', `expected a profile state of plain JSON, found live objects in it; ${advice}`);
  }
}

/** What `recommend` and `similar` have in common. */
function checkSelection(given: Record<string, unknown>, items: number): SimilarOptions {
  return {
    count: checkCount(given.count, items),
    exclude: checkIds(given, 'exclude'),
    include: checkIds(given, 'include'),
    filter: checkFilter(given.filter),
  };
}

/** What is told of the moment, the clock's hour and weekday unasked; names are the engine's to judge. */
function checkContext(context: unknown = {}): Context {
  if (!isRecord(context)) throw argumentError('"context" to be an object of fields', context, "pass { hour: 13, referrer: 'mail' }");
  const now = new Date();
  return { hour: now.getHours(), weekday: now.getDay(), ...checkCells(context, 'context') };
}

/** Texts and finite numbers by name. */
function checkCells(cells: Record<string, unknown>, what: string): Record<string, string | number> {
  for (const [name, value] of Object.entries(cells)) {
    if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value))) {
      throw argumentError(`${what} "${name}" to be text or a finite number`, value, 'leave out what is not known');
    }
  }
  return { ...cells } as Record<string, string | number>;
}

function checkNumbers(name: string, values: ArrayLike<unknown>): number[] {
  return Array.from(values, (value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw argumentError(`attribute "${name}" to be a list of finite numbers`, value, 'leave out what is not known');
  });
}

export function checkCount(count: unknown, items: number): number {
  if (count === undefined) return Math.min(DEFAULT_COUNT, items);
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 1 && count <= items) return count;
  throw argumentError(`"count" to be a whole number from 1 to ${items}, the size of the catalogue`, count, 'ask for the number of items you show');
}

/** A user vector as a copy; its width and values are the engine's to judge. */
function checkUser(user: unknown): Float32Array<ArrayBuffer> {
  // By its tag, so that an array of another realm counts.
  const isFloats = Object.prototype.toString.call(user) === '[object Float32Array]';
  if (isFloats || (Array.isArray(user) && user.every((x) => typeof x === 'number'))) return new Float32Array(user as number[]);
  throw argumentError('"user" to be a Float32Array or an array of numbers', user, 'pass a vector of info().dim numbers');
}

function checkIds(given: Record<string, unknown>, key: 'exclude' | 'include'): string[] | undefined {
  const ids = given[key];
  if (ids === undefined) return undefined;
  if (!Array.isArray(ids)) throw argumentError(`"${key}" to be an array of item ids`, ids, `pass ${key}: ['id', ...]`);
  return ids.map(checkItemId);
}

/** What a shop asks of a list; columns and bounds are the engine's to judge. */
function checkList(given: Record<keyof ListOptions, unknown>): ListOptions {
  const shares = Object.fromEntries(
    (['novelty', 'rotationRate', 'rotationHours', 'diversity'] as const).map((key) => [key, checkFinite(given[key], `"${key}"`)]),
  );
  const { maxPerCategory: caps, fairness } = given;
  if (caps !== undefined && !isRecord(caps)) throw argumentError('"maxPerCategory" to be an object of numbers', caps, 'pass { department: 3 }');
  return {
    ...shares,
    boosters: checkArray(given.boosters, '"boosters"')?.map((booster) => {
      const { filter, by } = checkKeys(booster, ['filter', 'by'], 'a booster');
      return { filter: checkFilter(filter) ?? {}, by: checkNumber(by, '"by" of a booster') };
    }),
    explore: given.explore === undefined ? undefined : checkExplore(given.explore),
    rules: checkArray(given.rules, '"rules"')?.map(checkRule) as ListOptions['rules'],
    maxPerCategory: caps && Object.fromEntries(Object.entries(caps).map(([column, most]) => [column, checkNumber(most, `"maxPerCategory" of "${column}"`)])),
    fairness: fairness === undefined ? undefined : checkFairness(fairness),
    trace: checkFlag(given, 'trace'),
  };
}

function checkExplore(explore: unknown): ListOptions['explore'] {
  const { column, rate, seed } = checkKeys(explore, ['column', 'rate', 'seed'], 'explore');
  const of = checkText(column, '"column" of explore');
  if (of === undefined) throw argumentError('"column" of explore to be a category column', column, "pass { column: 'department', rate: 0.5 }");
  return { column: of, rate: checkNumber(rate, '"rate" of explore'), seed: checkFinite(seed, '"seed" of explore') ?? drawSeed() };
}

function drawSeed(): number | undefined {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** A rule with its times in milliseconds; which keys go together is the engine's to judge. */
function checkRule(rule: unknown): object {
  const given = checkKeys(rule, RULE_KEYS, 'a rule');
  return withoutUndefined({
    type: checkOneOf(given.type, ['promote', 'hide', 'demote'] as const, 'the "type" of a rule'),
    itemId: given.itemId === undefined ? undefined : checkItemId(given.itemId),
    filter: checkFilter(given.filter),
    position: checkFinite(given.position, '"position" of a rule'),
    by: checkFinite(given.by, '"by" of a rule'),
    from: checkTimeOf(given.from, '"from"'),
    until: checkTimeOf(given.until, '"until"'),
  });
}

function checkTimeOf(time: unknown, what: string): number | undefined {
  return checkFinite(time instanceof Date ? time.getTime() : time, `${what} of a rule, in milliseconds or as a date,`);
}

function checkFairness(fairness: unknown): ListOptions['fairness'] {
  const { group, share, significance } = checkKeys(fairness, ['group', 'share', 'significance'], 'fairness');
  const of = checkFilter(group);
  if (of === undefined) throw argumentError('"group" of fairness to be a filter', group, "pass { group: { brand: 'small' }, share: 0.3 }");
  return withoutUndefined({ group: of, share: checkNumber(share, '"share" of fairness'), significance: checkFinite(significance, '"significance"') });
}

function checkFilter(filter: unknown): Filter | undefined {
  if (filter === undefined) return undefined;
  if (!isRecord(filter)) throw argumentError('"filter" to be an object of column conditions', filter, "pass filter: { department: ['BAKERY'] }");
  const checked = Object.entries(filter).filter(([, condition]) => condition !== undefined);
  return Object.fromEntries(checked.map(([column, condition]) => [column, checkCondition(column, condition)]));
}

function checkCondition(column: string, condition: unknown): Filter[string] {
  if (column === '$not') return checkFilter(condition);
  if (column === '$and' || column === '$or') {
    return checkArray(condition, `"${column}"`)?.map((filter) => checkFilter(filter) ?? {});
  }
  if (typeof condition === 'string') return condition;
  if (Array.isArray(condition) && condition.every((value) => typeof value === 'string')) return [...condition];
  if (!isRecord(condition)) {
    throw argumentError(`filter "${column}" to be a text, an array of them, or bounds`, condition, "pass ['BAKERY'] or { lte: 5 }");
  }
  const range = checkKeys(condition, BOUNDS, `filter "${column}"`);
  const bounds = Object.fromEntries(BOUNDS.map((bound) => [bound, checkFinite(range[bound], `filter "${column}" ${bound}`)]));
  return withoutUndefined(bounds);
}

function checkArray(value: unknown, what: string): unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw argumentError(`${what} to be an array`, value, 'pass a list, an empty one for none');
}

/** An options object with none but known keys; `undefined` counts as `{}`. */
function checkKeys<K extends string>(options: unknown, known: readonly K[], what: string): Record<K, unknown> {
  if (options === undefined) return {} as Record<K, unknown>;
  if (!isRecord(options)) throw argumentError(`the options of ${what} to be an object`, options, `pass { ${known.join(', ')} }`);
  const unknownKey = Object.keys(options).find((key) => !(known as readonly string[]).includes(key));
  if (unknownKey !== undefined) {
    throw argumentError(`the options of ${what} to be among ${known.join(', ')}`, unknownKey, 'remove it or correct its spelling');
  }
  return options;
}

function checkOneOf<T extends string>(value: unknown, accepted: readonly T[], what: string): T {
  const match = accepted.find((one) => one === value);
  if (match !== undefined) return match;
  throw argumentError(`${what} among ${accepted.join(', ')}`, value, 'use one of these');
}

function checkFlag(given: Record<string, unknown>, key: string): boolean | undefined {
  const flag = given[key];
  if (flag === undefined || typeof flag === 'boolean') return flag;
  throw argumentError(`"${key}" to be true or false`, flag, 'pass a boolean');
}

function checkFinite(value: unknown, what: string): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw argumentError(`${what} to be a finite number`, value, 'pass a number or leave it out');
}

function checkNumber(value: unknown, what: string): number {
  const number = checkFinite(value, what);
  if (number === undefined) throw argumentError(`${what} to be a finite number`, value, 'pass a number');
  return number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

/** Drops the keys without a value, so that the engine's own defaults hold. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
