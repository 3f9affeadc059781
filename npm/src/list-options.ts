// Checks what a shop asks of a list: boosters, rules, shares and filters, copied so that a later change does not reach the engine.

import { checkArray, checkFinite, checkFlag, checkItemId, checkKeys, checkNumber, checkOneOf, checkText, isRecord, withoutUndefined } from './check.js';
import { argumentError } from './errors.js';
import type { Filter, ListOptions, NumberRange, SimilarOptions } from './types.js';

const BOUNDS: readonly (keyof NumberRange)[] = ['lt', 'lte', 'gt', 'gte'];
const RULE_KEYS = ['type', 'itemId', 'filter', 'position', 'by', 'from', 'until'] as const;
/** The names of these options. */
export const LIST_KEYS: readonly (keyof ListOptions)[] = ['boosters', 'novelty', 'rotationRate', 'rotationHours', 'explore', 'diversity', 'maxPerCategory', 'fairness', 'trace'];

/** What a shop asks of a list; columns and bounds are the engine's to judge. */
export function checkList(given: Record<keyof ListOptions, unknown>): ListOptions {
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
    maxPerCategory: caps && Object.fromEntries(Object.entries(caps).map(([column, most]) => [column, checkNumber(most, `"maxPerCategory" of "${column}"`)])),
    fairness: fairness === undefined ? undefined : checkFairness(fairness),
    trace: checkFlag(given, 'trace'),
  };
}

/** The shop's rules. */
export function checkRules(rules: unknown): SimilarOptions['rules'] {
  return checkArray(rules, '"rules"')?.map(checkRule) as SimilarOptions['rules'];
}

function checkExplore(explore: unknown): ListOptions['explore'] {
  const { column, rate, seed } = checkKeys(explore, ['column', 'rate', 'seed'], 'explore');
  const of = checkText(column, '"column" of explore');
  if (of === undefined) throw argumentError('"column" of explore to be a category column', column, "pass { column: 'department', rate: 0.5 }");
  return { column: of, rate: checkNumber(rate, '"rate" of explore'), seed: checkFinite(seed, '"seed" of explore') ?? drawSeed() };
}

export function drawSeed(): number | undefined {
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

export function checkFilter(filter: unknown): Filter | undefined {
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
  if (typeof condition === 'number') return checkNumber(condition, `filter "${column}"`);
  if (Array.isArray(condition) && condition.every((value) => typeof value === 'string')) return [...condition];
  if (Array.isArray(condition) && condition.every((value) => typeof value === 'number')) return condition.map((value) => checkNumber(value, `filter "${column}"`));
  if (!isRecord(condition)) {
    throw argumentError(`filter "${column}" to be a text, a number, an array of either, or bounds`, condition, "pass ['BAKERY'], 2019 or { lte: 5 }");
  }
  const range = checkKeys(condition, BOUNDS, `filter "${column}"`);
  const bounds = Object.fromEntries(BOUNDS.map((bound) => [bound, checkFinite(range[bound], `filter "${column}" ${bound}`)]));
  return withoutUndefined(bounds);
}
