// The private report: what it says of one user, and what many of them say together.

import { describe, expect, it } from 'vitest';
import { estimateShares, privateReport, type PrivateReport } from '../src/report.js';
import type { Catalogue, HistoryItem, Recommender } from '../src/index.js';

const VALUES = ['Bakery', 'Dairy', 'Meat', 'Produce'];
/** One item of each department, and one more of the first. */
const CATALOGUE: Catalogue = {
  ids: ['b', 'd', 'm', 'p', 'b2'],
  columns: {
    department: { type: 'category', values: VALUES, codes: Uint32Array.from([0, 1, 2, 3, 0]) },
    price: { type: 'number', values: Float32Array.from([1, 2, 3, 4, 5]) },
  },
};

/** Someone whose history has these strengths: all that a report looks at. */
function someone(strengths: Record<string, number>): Recommender {
  const line = ([itemId, strength]: [string, number]): HistoryItem => ({ itemId, strength, seen: true, strongest: 'purchase' });
  const history = Object.entries(strengths).map(line);
  return { catalogue: () => Promise.resolve(CATALOGUE), history: () => Promise.resolve(history) } as unknown as Recommender;
}
const buys = (...ids: string[]): Recommender => someone(Object.fromEntries(ids.map((id) => [id, 1])));

const many = (user: Recommender, count: number, epsilon: number): Promise<PrivateReport[]> =>
  Promise.all(Array.from({ length: count }, () => privateReport(user, { column: 'department', epsilon })));

describe('privateReport', () => {
  it('tells what the user favours where almost nothing is kept private', async () => {
    const [bought, mixed, nothing] = [buys('p', 'b', 'b2'), someone({ d: 0.3, m: 0.6, p: 0 }), someone({})];
    const told = async (user: Recommender): Promise<unknown> => {
      const reports = await many(user, 50, 10);
      const counts = new Map<string | null, number>();
      for (const { value } of reports) counts.set(value, (counts.get(value) ?? 0) + 1);
      return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
    };
    expect(await told(bought)).toBe('Bakery');
    expect(await told(mixed)).toBe('Meat');
    expect(await told(nothing)).toBeNull();
  });

  it('tells every value, each as likely as epsilon allows and no likelier', async () => {
    const [epsilon, count] = [1, 40_000];
    const odds = (reports: PrivateReport[], value: string | null): number => reports.filter((report) => report.value === value).length / count;
    const [baker, butcher] = [await many(buys('b'), count, epsilon), await many(buys('m'), count, epsilon)];
    for (const value of [...VALUES, null]) {
      const ratio = odds(baker, value) / odds(butcher, value);
      expect(Math.abs(Math.log(ratio))).toBeLessThan(epsilon + 0.1);
    }
    // Of k = 5 answers the true one has e / (e + 4).
    expect(odds(baker, 'Bakery')).toBeCloseTo(Math.E / (Math.E + 4), 1);
  }, 20_000);

  it('lets a shop estimate the shares of all', async () => {
    const users: [Recommender, number][] = [[buys('b'), 12_000], [buys('d', 'd'), 6_000], [buys('p'), 2_000]];
    const reports = (await Promise.all(users.map(([user, count]) => many(user, count, 1.5)))).flat();
    const shares = estimateShares(reports, VALUES);
    const expected: [string | null, number][] = [['Bakery', 0.6], ['Dairy', 0.3], ['Meat', 0], ['Produce', 0.1], [null, 0]];
    // Five standard errors of an estimate: sqrt(p (1 - p) / n) / (p - q) is below 0.01.
    for (const [value, share] of expected) expect(Math.abs((shares.get(value) ?? NaN) - share)).toBeLessThan(0.05);
    expect([...shares.values()].reduce((sum, share) => sum + share)).toBeCloseTo(1, 6);
  }, 20_000);

  it('refuses what it cannot keep private, and what does not belong together', async () => {
    for (const epsilon of [0, -1, 11, NaN, '1' as unknown as number]) {
      await expect(privateReport(buys('b'), { column: 'department', epsilon })).rejects.toThrow('"epsilon"');
    }
    await expect(privateReport(buys('b'), { column: 'price', epsilon: 1 })).rejects.toThrow('among department');
    const report = { column: 'department', value: 'Dairy', epsilon: 1, values: 4 };
    expect(() => estimateShares([], VALUES)).toThrow('at least one report');
    expect(() => estimateShares([report, { ...report, epsilon: 2 }], VALUES)).toThrow('one epsilon');
    expect(() => estimateShares([report, { ...report, column: 'brand' }], VALUES)).toThrow('one column');
    expect(() => estimateShares([{ ...report, values: 5 }], VALUES)).toThrow('of 4 values');
    expect(() => estimateShares([report], ['Bakery'])).toThrow('values given');
  });

  it('asks nothing of the network', async () => {
    const before = globalThis.fetch;
    globalThis.fetch = () => { throw new Error('asked'); };
    try {
      await expect(privateReport(buys('b'), { column: 'department', epsilon: 1 })).resolves.toMatchObject({ epsilon: 1 });
    } finally {
      globalThis.fetch = before;
    }
  });
});
