// Checks what callers pass and copies it, so that a later change on their side does not reach the engine.

import { checkFinite, checkFlag, checkItemId, checkKeys, checkNumber, checkOneOf, checkText, isRecord, withoutUndefined } from './check.js';
import { argumentError, ProclivityError } from './errors.js';
import { LIST_KEYS, checkFilter, checkList, checkRules, drawSeed } from './list-options.js';
import type { CheckedOptions, CheckedTime, CheckedUser, EngineOptions, TimedEvent, TimedPush } from './engine.js';
import type {
  BackendChoice,
  BestTimeOptions,
  Context,
  EventType,
  InteractionEvent,
  LoadOptions,
  NewItem,
  ProfileState,
  ProfileStorage,
  Push,
  RecommendOptions,
  SimilarOptions,
  UpdateOptions,
} from './types.js';

const EVENT_TYPES: readonly EventType[] = ['view', 'click', 'cart', 'purchase', 'bookmark', 'rating', 'dislike', 'impression', 'portion'];
const BACKENDS: readonly BackendChoice[] = ['auto', 'webgpu', 'cpu'];
const LOAD_KEYS: readonly (keyof LoadOptions)[] = ['backend', 'worker', 'signal', 'onProgress', 'wasm', 'eventWeights', 'eventHalfLives', 'scenarios', 'storage', 'profile', 'onProblem', 'rememberBackend'];
const UPDATE_KEYS: readonly (keyof UpdateOptions)[] = ['signal'];
const EVENT_KEYS: readonly (keyof InteractionEvent)[] = ['type', 'itemId', 'value', 'timestamp', 'context'];
const PUSH_KEYS: readonly (keyof Push)[] = ['channel', 'timestamp', 'opened'];
const TIME_KEYS: readonly (keyof BestTimeOptions)[] = ['within', 'window', 'quietHours', 'minGapHours', 'dailyCap', 'channel', 'explore', 'seed'];
const NEW_ITEM_KEYS: readonly (keyof NewItem)[] = ['id', 'attributes'];
const SIMILAR_KEYS: readonly (keyof SimilarOptions)[] = ['count', 'exclude', 'include', 'filter', 'rules'];
const RECOMMEND_KEYS: readonly (keyof RecommendOptions)[] = [...SIMILAR_KEYS, ...LIST_KEYS, 'scenario', 'context', 'includeSeen', 'learn', 'explain', 'user'];

const DEFAULT_COUNT = 10;

const STORAGE_CALLS = ['read', 'write', 'clear'] as const satisfies readonly (keyof ProfileStorage)[];

/** Options of lists by name. */
export type Scenarios = ReadonlyMap<string, RecommendOptions>;

/** Options of `load` with their defaults, as {@link checkLoadOptions} gives them. */
export type CheckedLoad = Omit<LoadOptions, 'scenarios'> & { engine: EngineOptions; scenarios: Scenarios; worker: boolean; rememberBackend: boolean; storage: 'memory' | 'indexeddb' | ProfileStorage; profile: string };

/** Options of `load`, checked; `source` is checked where it is opened. */
export function checkLoadOptions(options: unknown): CheckedLoad {
  const given = checkKeys(options, LOAD_KEYS, 'load');
  const { profile = 'default' } = given;
  checkSignal(given);
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
    rememberBackend: checkFlag(given, 'rememberBackend') ?? true,
    storage: checkStorage(given.storage),
    profile,
  };
}

/** Options of `update`. */
export function checkUpdateOptions(options: unknown): UpdateOptions {
  const given = checkKeys(options, UPDATE_KEYS, 'update');
  checkSignal(given);
  return given as UpdateOptions;
}

/** Each is checked when it is asked for, with what is given then. */
function checkScenarios(given: unknown = {}): Scenarios {
  if (!isRecord(given)) throw argumentError('"scenarios" to be an object of options', given, 'pass { cart: { count: 4 } }');
  const one = ([name, options]: [string, unknown]): [string, RecommendOptions] => {
    const { scenario, user, ...rest } = checkKeys(options, RECOMMEND_KEYS, `the scenario "${name}"`);
    const found = scenario ?? user;
    if (found !== undefined) throw argumentError(`no "scenario" or "user" in the scenario "${name}"`, found, 'leave it to recommend');
    return [name, copied(withoutUndefined(rest), `plain options in the scenario "${name}"`, 'pass text, numbers, lists and plain objects') as RecommendOptions];
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
  const { context } = given;
  return {
    type: checkOneOf(given.type, EVENT_TYPES, 'an event "type"'),
    itemId: checkItemId(given.itemId),
    timestamp: checkFinite(given.timestamp, '"timestamp"') ?? Date.now(),
    ...(value === undefined ? {} : { value }),
    ...(context === undefined ? {} : { context: checkFields(context, "pass { placement: 'cart' }") }),
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

/** Options of `recommend`, checked; `items` is the size of the catalogue. */
export function checkRecommendOptions(options: unknown, items: number): CheckedOptions {
  const given = checkKeys(options, RECOMMEND_KEYS, 'recommend');
  return withoutUndefined({
    ...checkSelection(given, items),
    ...checkList(given),
    rules: checkRules(given.rules),
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
  const given = checkKeys(options, SIMILAR_KEYS, call);
  return withoutUndefined({ ...checkSelection(given, items), rules: checkRules(given.rules) });
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

/** A profile state as a copy; its content is the engine's to judge. */
export function checkState(state: unknown): ProfileState {
  const advice = 'pass what export() returned, after JSON.parse if it was stored as text';
  if (!isRecord(state)) throw argumentError('a profile state, a plain object', state, advice);
  return copied(state, 'a profile state of plain JSON', advice);
}

function copied<T>(value: T, what: string, advice: string): T {
  try {
    return structuredClone(value);
  } catch {
    throw new ProclivityError('argument', `expected ${what}, found live objects in it; ${advice}`);
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
  const now = new Date();
  return { hour: now.getHours(), weekday: now.getDay(), ...checkFields(context, "pass { hour: 13, referrer: 'mail' }") };
}

function checkFields(context: unknown, advice: string): Context {
  if (!isRecord(context)) throw argumentError('"context" to be an object of fields', context, advice);
  return checkCells(context, 'context');
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

function checkSignal({ signal }: Record<string, unknown>): void {
  if (signal === undefined || (typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal)) return;
  throw argumentError('"signal" to be an AbortSignal', signal, 'pass the signal of an AbortController');
}
