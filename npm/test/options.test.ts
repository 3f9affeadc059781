import { describe, expect, it, vi } from 'vitest';
import { checkEvent, checkLoadOptions, checkPush, checkRecommendOptions, checkRetraction, checkSimilarOptions, checkState, checkTime, ofScenario } from '../src/options.js';

const refused = (call: () => unknown, ...words: string[]): void => {
  expect(call).toThrow(expect.objectContaining({ name: 'ProclivityError', code: 'argument' }) as Error);
  for (const word of words) expect(call).toThrow(word);
};

describe('recommend options', () => {
  it('default to ten items', () => {
    expect(checkRecommendOptions(undefined, 100)).toMatchObject({ count: 10 });
    expect(checkSimilarOptions({ count: undefined }, 100)).toEqual({ count: 10 });
    const rules = [{ type: 'hide', itemId: 'a' }];
    expect(checkSimilarOptions({ rules, filter: { year: 2019, price: [1, 2.5] } }, 100)).toEqual({ count: 10, rules, filter: { year: 2019, price: [1, 2.5] } });
  });

  it('default to a whole catalogue that is smaller', () => {
    expect(checkRecommendOptions({}, 4)).toMatchObject({ count: 4 });
  });

  it.each([0, -1, 1.5, NaN, Infinity, '10', null, 2 ** 60, 101])('refuse a count of %s', (count) => {
    refused(() => checkRecommendOptions({ count }, 100), '"count"', 'from 1 to 100');
  });

  it('refuse a key they do not know, and name the known ones', () => {
    refused(() => checkRecommendOptions({ counts: 3 }, 100), '"counts"', 'includeSeen');
    refused(() => checkSimilarOptions({ explain: true }, 100), '"explain"', 'filter');
  });

  it('pass filters on and copy them', () => {
    const given = { filter: { department: ['BAKERY'], price: { lte: 5, gt: undefined } }, exclude: ['a'], include: [] };
    const checked = checkRecommendOptions(given, 100);
    expect(checked).toMatchObject({ count: 10, filter: { department: ['BAKERY'], price: { lte: 5 } }, exclude: ['a'], include: [] });
    given.exclude.push('b');
    given.filter.department.push('DELI');
    expect(checked.exclude).toEqual(['a']);
    expect(checked.filter?.department).toEqual(['BAKERY']);
  });

  it('tell the hour and the weekday unasked, and what the page says above them', () => {
    vi.useFakeTimers({ now: new Date(2026, 4, 3, 21, 30) }); // a Sunday
    try {
      expect(checkRecommendOptions({}, 100).context).toEqual({ hour: 21, weekday: 0 });
      const context = { hour: 8, referrer: 'mail' };
      expect(checkRecommendOptions({ context }, 100).context).toEqual({ hour: 8, weekday: 0, referrer: 'mail' });
    } finally {
      vi.useRealTimers();
    }
    for (const context of ['mail', [], null, { hour: NaN }, { hour: undefined }, { place: {} }]) {
      refused(() => checkRecommendOptions({ context }, 100), 'context');
    }
    expect(checkSimilarOptions({}, 100)).not.toHaveProperty('context');
  });

  it('copy a user vector of either kind', () => {
    const given = Float32Array.of(1, 0.5);
    const checked = checkRecommendOptions({ user: given }, 100);
    given[0] = 7;
    expect(checked.user).toEqual(Float32Array.of(1, 0.5));
    expect(checkRecommendOptions({ user: [1, 0.5] }, 100).user).toEqual(Float32Array.of(1, 0.5));
    for (const user of [null, '1', ['1'], Float64Array.of(1), { 0: 1 }]) refused(() => checkRecommendOptions({ user }, 100), '"user"', 'Float32Array');
  });

  it('refuse malformed filters, lists and flags', () => {
    refused(() => checkRecommendOptions({ filter: 'BAKERY' }, 100), '"filter"');
    refused(() => checkRecommendOptions({ filter: { department: [5, 'DELI'] } }, 100), '"department"', 'an array');
    refused(() => checkRecommendOptions({ filter: { $or: { price: { lte: 5 } } } }, 100), '"$or"', 'an array');
    refused(() => checkRecommendOptions({ filter: { $not: ['x'] } }, 100), '"filter"');
    refused(() => checkRecommendOptions({ filter: { price: [5, null] } }, 100), '"price"');
    refused(() => checkRecommendOptions({ filter: { price: { max: 5 } } }, 100), '"max"', 'lte');
    refused(() => checkRecommendOptions({ filter: { price: { lte: NaN } } }, 100), 'NaN');
    refused(() => checkRecommendOptions({ exclude: 'a' }, 100), '"exclude"');
    refused(() => checkRecommendOptions({ include: [1] }, 100), 'item id', '1');
    refused(() => checkRecommendOptions({ explain: 1 }, 100), '"explain"');
    refused(() => checkRecommendOptions(5, 100), 'object', '5');
    refused(() => checkRecommendOptions(['a'], 100), 'an array of 1');
  });
});

describe('options of a list', () => {
  it('are copied, dates as milliseconds', () => {
    const given = {
      count: 5,
      filter: { $or: [{ department: 'BAKERY' }, { $not: { price: { gt: 5 } } }], $and: [] },
      boosters: [{ filter: { department: ['DELI'] }, by: 0.5 }],
      novelty: 0.1, rotationRate: 0.2, rotationHours: 3, diversity: 0.4, trace: true,
      rules: [
        { type: 'promote', itemId: 'a', position: 2, from: new Date(5), until: 9 },
        { type: 'hide', filter: { department: ['DELI'] } },
      ],
      maxPerCategory: { department: 3 },
      fairness: { group: { brand: 'small' }, share: 0.3 },
    };
    const checked = checkRecommendOptions(given, 100);
    expect(checked).toMatchObject({ ...given, rules: [{ ...given.rules[0], from: 5 }, given.rules[1]] });
    expect(checked.boosters).not.toBe(given.boosters);
  });

  it('are refused by name', () => {
    const wrong = (options: object, ...words: string[]): void => { refused(() => checkRecommendOptions(options, 100), ...words); };
    wrong({ diversity: 'high' }, '"diversity"');
    wrong({ boosters: {} }, '"boosters"');
    wrong({ boosters: [{ filter: {}, by: 'x' }] }, '"by" of a booster');
    wrong({ boosters: [{ filter: {} }] }, '"by" of a booster');
    wrong({ rules: [{ type: 'pin' }] }, 'promote, hide, demote');
    wrong({ rules: [{ type: 'hide', item: 'a' }] }, '"item"');
    wrong({ rules: [{ type: 'hide', itemId: 'a', from: 'tomorrow' }] }, '"from" of a rule');
    wrong({ maxPerCategory: 3 }, '"maxPerCategory"');
    wrong({ maxPerCategory: { department: '3' } }, '"department"');
    wrong({ fairness: { share: 0.3 } }, '"group"');
    wrong({ fairness: { group: {} } }, '"share"');
    wrong({ trace: 'yes' }, '"trace"');
  });
});

describe('events', () => {
  it('keep what they are given', () => {
    expect(checkEvent({ type: 'rating', itemId: 'a', value: 4, timestamp: 1 })).toEqual({ type: 'rating', itemId: 'a', value: 4, timestamp: 1 });
    expect(Object.keys(checkEvent({ type: 'view', itemId: 'a' })).sort()).toEqual(['itemId', 'timestamp', 'type']);
  });

  it('are refused when they say nothing usable', () => {
    expect(checkEvent({ type: 'click', itemId: 'a', context: { placement: 'cart', depth: 2 } }).context).toEqual({ placement: 'cart', depth: 2 });
    refused(() => checkEvent({ type: 'click', itemId: 'a', context: 'cart' }), '"context"', 'placement');
    refused(() => checkEvent({ type: 'click', itemId: 'a', context: { placement: ['cart'] } }), '"placement"');
    refused(() => checkEvent(undefined), 'itemId');
    refused(() => checkEvent({ type: 'buy', itemId: 'a' }), 'purchase', '"buy"');
    refused(() => checkEvent({ itemId: 'a' }), 'undefined');
    refused(() => checkEvent({ type: 'view', itemId: 7 }), 'String(id)', '7');
    refused(() => checkEvent({ type: 'view', itemId: '' }), '""');
    refused(() => checkEvent({ type: 'view', itemId: 'a', value: NaN }), '"value"', 'NaN');
    refused(() => checkEvent({ type: 'view', itemId: 'a', timestamp: new Date() }), '"timestamp"', 'a Date');
    refused(() => checkEvent({ type: 'view', itemId: 'a', item: 'b' }), '"item"');
  });
});

describe('a retraction', () => {
  it('has a time only where one is given', () => {
    expect(checkRetraction({ type: 'rating', itemId: 'a' })).toEqual({ type: 'rating', itemId: 'a', value: 1 });
    expect(checkRetraction({ type: 'view', itemId: 'a', timestamp: 5 })).toMatchObject({ timestamp: 5 });
    refused(() => checkRetraction({ type: 'view' }), 'item id');
  });
});

describe('a message', () => {
  it('has a channel and a time', () => {
    expect(checkPush({ channel: 'mail', timestamp: 5, opened: true })).toEqual({ channel: 'mail', timestamp: 5, opened: true });
    expect(checkPush(undefined)).toMatchObject({ channel: 'push' });
    expect(checkPush(undefined).timestamp).toBeGreaterThan(1e12);
    refused(() => checkPush({ channel: 5 }), '"channel"');
    refused(() => checkPush({ opened: 'yes' }), '"opened"');
    refused(() => checkPush({ chanel: 'mail' }), '"chanel"');
  });

  it('is asked for with the clock of the user', () => {
    const { now, offset, seed } = checkTime(undefined);
    expect([now, offset]).toEqual([expect.closeTo(Date.now(), -3), -new Date().getTimezoneOffset()]);
    expect(seed).toBeGreaterThanOrEqual(0);
    expect(checkTime({ explore: false, seed: 3 }).seed).toBeUndefined();
    expect(checkTime({ seed: 3 }).seed).toBe(3);
    for (const [within, hours] of [['24h', 24], ['7d', 168], ['1.5 h', 1.5], [30, 30], [undefined, 24]] as const) {
      expect(checkTime({ within }).within).toBe(hours);
    }
    refused(() => checkTime({ within: 'tomorrow' }), '"within"', '7d');
    refused(() => checkTime({ quietHours: [22] }), '"quietHours"', '[22, 8]');
    refused(() => checkTime({ quietHours: [22, '8'] }), '"quietHours"');
    refused(() => checkTime({ minGap: 2 }), '"minGap"');
  });
});

describe('load options', () => {
  it('default to the automatic backend in the page', () => {
    expect(checkLoadOptions(undefined)).toEqual({ engine: { backend: 'auto' }, scenarios: new Map(), worker: false, rememberBackend: true, storage: 'memory', profile: 'default' });
  });

  it('are refused by name', () => {
    refused(() => checkLoadOptions({ backend: 'gpu' }), 'webgpu', '"gpu"');
    refused(() => checkLoadOptions({ store: 'memory' }), '"store"');
    refused(() => checkLoadOptions({ storage: 'localStorage' }), '"storage"', 'indexeddb');
    refused(() => checkLoadOptions({ storage: { read: () => undefined, write: () => undefined } }), '"storage"', 'function clear');
    refused(() => checkLoadOptions({ profile: '' }), '"profile"');
    refused(() => checkLoadOptions({ onProblem: 1 }), '"onProblem"');
    refused(() => checkLoadOptions({ worker: 'yes' }), '"worker"');
    refused(() => checkLoadOptions({ signal: {} }), 'AbortSignal');
    refused(() => checkLoadOptions({ onProgress: 1 }), '"onProgress"');
    refused(() => checkLoadOptions({ eventWeights: { view: '1' } }), '"eventWeights" of "view"');
    refused(() => checkLoadOptions({ eventHalfLives: [7] }), '"eventHalfLives"', '{ view: 7 }');
    refused(() => checkLoadOptions({ scenarios: { cart: { cuont: 4 } } }), '"cart"', '"cuont"');
    refused(() => checkLoadOptions({ scenarios: { cart: { scenario: 'home' } } }), '"cart"', '"home"');
    refused(() => checkLoadOptions({ scenarios: { cart: { exclude: () => [] } } }), '"cart"', 'live objects');
    refused(() => checkLoadOptions({ rememberBackend: 'no' }), '"rememberBackend"');
  });
});

describe('scenarios', () => {
  const { scenarios } = checkLoadOptions({ scenarios: { cart: { count: 4, diversity: 0.3 } } });

  it('hold where nothing else is given', () => {
    expect(ofScenario({ scenario: 'cart', count: 6, diversity: undefined }, scenarios)).toEqual({ count: 6, diversity: 0.3 });
    expect(ofScenario({ count: 6 }, scenarios)).toEqual({ count: 6 });
    expect(ofScenario(undefined, scenarios)).toBeUndefined();
  });

  it('are refused by name', () => {
    refused(() => ofScenario({ scenario: 'home' }, scenarios), 'among cart', '"home"');
    refused(() => ofScenario({ scenario: 'home' }, new Map()), 'no "scenarios"');
  });
});

describe('what is tried at random', () => {
  it('has a seed of its own unless one is given', () => {
    const { explore } = checkRecommendOptions({ explore: { column: 'department', rate: 0.5 } }, 9);
    expect(explore).toMatchObject({ column: 'department', rate: 0.5 });
    expect(Number.isInteger(explore?.seed)).toBe(true);
    expect(checkRecommendOptions({ explore: { column: 'a', rate: 1, seed: 7 } }, 9).explore).toEqual({ column: 'a', rate: 1, seed: 7 });
    refused(() => checkRecommendOptions({ explore: { rate: 1 } }, 9), '"column" of explore');
    refused(() => checkRecommendOptions({ explore: { column: 'a' } }, 9), '"rate" of explore');
  });
});

describe('a profile state', () => {
  it('is a plain object', () => {
    expect(checkState({ version: 1 })).toEqual({ version: 1 });
    refused(() => checkState('{"version":1}'), 'JSON.parse');
    refused(() => checkState({ version: () => 1 }), 'plain JSON');
    refused(() => checkState(null), 'null');
    refused(() => checkState([]), 'an empty array');
  });
});
