// A profile that is kept: several recommenders on a fake engine, in the page and over the worker protocol, share one place.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Recommender } from '../src/index.js';
import { fakeGlue, FAKE_ITEMS } from './fake-engine.js';
import { fakeWorker } from './fake-worker.js';
import { Place } from './place.js';
import type { LoadOptions, ProclivityError } from '../src/index.js';
import type { WasmGlue } from '../src/boundary.js';

const current = vi.hoisted(() => ({ glue: null as WasmGlue | null }));
vi.mock('../src/wasm.js', () => ({ loadWasm: () => Promise.resolve(current.glue) }));

beforeEach(() => {
  const { glue } = fakeGlue();
  current.glue = glue;
  vi.stubGlobal('Worker', fakeWorker(() => Promise.resolve(glue)).Worker);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['in the page', false],
  ['in a worker', true],
])('a kept profile %s', (_, worker) => {
  let place: Place;
  let problems: ProclivityError[];
  let open: Recommender[];
  beforeEach(() => {
    [place, problems, open] = [new Place(), [], []];
  });
  afterEach(() => {
    for (const recommender of open) recommender.dispose();
    expect(place.pages).toBe(0);
  });

  async function page(options?: LoadOptions): Promise<Recommender> {
    const recommender = await Recommender.load(Uint8Array.from([7]), {
      storage: place.open(), onProblem: (problem) => problems.push(problem), backend: 'cpu', worker, ...options,
    });
    open.push(recommender);
    return recommender;
  }
  const buy = (recommender: Recommender, item: number): Promise<void> => recommender.observe({ type: 'purchase', itemId: FAKE_ITEMS[item]! });
  const historyOf = async (recommender: Recommender): Promise<unknown> => (await recommender.export()).history;

  it('is there when the page is opened anew', async () => {
    const first = await page();
    expect(first.info()).toMatchObject({ storage: 'own' });
    await buy(first, 3);
    const written = buy(first, 4);
    expect((await first.recommend()).items.map(({ id }) => id)).not.toContain('item-4'); // before it is stored
    await written;
    first.dispose();
    const second = await page();
    expect(await historyOf(second)).toEqual(['item-3', 'item-4']);
    expect(problems).toEqual([]);
  });

  it('is not kept where nothing asked for it', async () => {
    const recommender = await page({ storage: 'memory' });
    expect(recommender.info()).toMatchObject({ storage: 'memory' });
    await buy(recommender, 3);
    expect(place.record).toBeUndefined();
  });

  it('writes events that come together at once', async () => {
    const recommender = await page();
    await Promise.all(FAKE_ITEMS.map((_, item) => buy(recommender, item)));
    expect(place.history).toEqual(FAKE_ITEMS);
    expect(place.writes).toBeLessThan(10);
  });

  it('loses no event of eight pages that write at once, and all come to the same profile', async () => {
    const pages: Recommender[] = [];
    while (pages.length < 8) pages.push(await page());
    await Promise.all(pages.map(async (recommender, which) => {
      for (let turn = 0; turn < 10; turn++) await buy(recommender, (which * 7 + turn * 3) % FAKE_ITEMS.length);
    }));
    expect(place.conflicts).toBeGreaterThan(0);
    expect(place.history).toHaveLength(80);
    for (const recommender of pages) await vi.waitFor(async () => { expect(await historyOf(recommender)).toEqual(place.history); });
    expect(problems).toEqual([]);
  });

  it('reaches other pages, whose subscribers hear of it', async () => {
    const [first, second] = [await page(), await page()];
    const [heard, ended] = [vi.fn(), vi.fn()];
    second.subscribe(heard);
    second.subscribe(ended)();
    await buy(first, 5);
    await vi.waitFor(() => { expect(heard).toHaveBeenCalledTimes(1); });
    expect(await historyOf(second)).toEqual(['item-5']);
    await first.import({ version: 1, history: ['item-1'] });
    await vi.waitFor(async () => { expect(await historyOf(second)).toEqual(['item-1']); });
    await buy(second, 2);
    await vi.waitFor(async () => { expect(await historyOf(first)).toEqual(['item-1', 'item-2']); });
    expect(ended).not.toHaveBeenCalled();
  });

  it('is forgotten by all pages, with what was set aside', async () => {
    const [first, second] = [await page(), await page()];
    await Promise.all([buy(first, 1), buy(second, 2)]);
    place.setAside.push('damaged');
    await first.forget();
    expect([place.record, place.setAside]).toEqual([undefined, []]);
    await vi.waitFor(async () => { expect(await historyOf(second)).toEqual([]); });
    await buy(second, 6);
    expect(place.history).toEqual(['item-6']);
  });

  it('keeps the order of calls that overlap', async () => {
    const recommender = await page();
    const calls = [buy(recommender, 1), recommender.forget(), buy(recommender, 2), recommender.import({ version: 1, history: ['item-9'] }), buy(recommender, 3)];
    await Promise.all(calls);
    expect(place.history).toEqual(['item-9', 'item-3']);
    await Promise.all([recommender.import({ version: 1, history: ['item-8'] }), recommender.forget()]);
    expect(place.record).toBeUndefined();
  });

  it('says that it is full, goes on, and stores what is missing with the next event', async () => {
    const recommender = await page();
    place.fail = { write: new DOMException('no room', 'QuotaExceededError') };
    await expect(buy(recommender, 1)).rejects.toMatchObject({ code: 'storage_full', message: expect.stringContaining('no room') as string });
    expect(await historyOf(recommender)).toEqual(['item-1']);
    expect(place.history).toEqual([]);
    await buy(recommender, 2);
    expect(place.history).toEqual(['item-1', 'item-2']);

    place.fail = { clear: new Error('disk') };
    await expect(recommender.forget()).rejects.toMatchObject({ code: 'storage', message: expect.stringContaining('disk') as string });
    await buy(recommender, 3);
    expect(place.history).toEqual(['item-3']);
  });

  it('sets aside what cannot be read, tells of it, and starts anew', async () => {
    for (const damaged of ['text', { revision: 5, state: {} }, { revision: 'a', state: { version: 1 } }]) {
      place.record = damaged;
      problems = [];
      const recommender = await page();
      expect(place.setAside.at(-1)).toEqual(damaged);
      expect(problems).toMatchObject([{ code: 'storage_damaged' }]);
      expect(await historyOf(recommender)).toEqual([]);
      await buy(recommender, 1);
      expect(place.history).toEqual(['item-1']);
      recommender.dispose();
    }
    place.record = 'damaged under a living page';
    const recommender = await page();
    await buy(recommender, 1);
    place.record = { revision: 'b', state: {} };
    await buy(recommender, 2);
    expect(place.history).toEqual(['item-1', 'item-2']);
  });

  it('hands over what cannot be read where it cannot be set aside', async () => {
    place.record = 'damaged';
    const { setAside, ...storage } = place.open();
    expect(setAside).toBeTypeOf('function');
    await page({ storage });
    expect([place.record, place.setAside]).toEqual([undefined, []]);
    expect(problems).toMatchObject([{ code: 'storage_damaged', cause: 'damaged', message: expect.stringContaining('no "setAside"') as string }]);
  });

  it('leaves alone what a newer version of the package wrote, and says so', async () => {
    place.record = { revision: 'b', state: { version: 9 } };
    const recommender = await page();
    expect(recommender.info()).toMatchObject({ storage: 'memory' });
    expect(problems).toMatchObject([{ code: 'storage', message: expect.stringContaining('newer') as string }]);
    await buy(recommender, 1);
    expect([place.record, place.setAside]).toEqual([{ revision: 'b', state: { version: 9 } }, []]);
  });

  it('lasts until the page closes where storage is not to be had', async () => {
    place.fail = { read: new Error('blocked') };
    const recommender = await page();
    expect(recommender.info()).toMatchObject({ storage: 'memory' });
    expect(problems).toMatchObject([{ code: 'storage', message: expect.stringContaining('blocked') as string }]);
    await buy(recommender, 1);
    expect(await historyOf(recommender)).toEqual(['item-1']);

    problems = [];
    vi.stubGlobal('indexedDB', undefined);
    expect((await page({ storage: 'indexeddb' })).info()).toMatchObject({ storage: 'memory' });
    expect(problems).toMatchObject([{ code: 'storage' }]);
  });

  it('erases what is stored also where it could not be read', async () => {
    place.record = { revision: 'a', state: { history: ['item-1'] } };
    place.fail = { read: new Error('blocked') };
    const recommender = await page();
    expect(recommender.info()).toMatchObject({ storage: 'memory' });
    place.fail = { clear: new Error('still blocked') };
    await expect(recommender.forget()).rejects.toMatchObject({ code: 'storage', message: expect.stringContaining('still blocked') as string });
    await recommender.forget();
    expect(place.record).toBeUndefined();
  });

  it('tells whoever waits when the recommender is disposed of', async () => {
    const recommender = await page();
    const waiting = buy(recommender, 1);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'disposed' });
    recommender.dispose();
    await refused;
  });

  it('goes on where a subscriber throws', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const recommender = await page();
    const heard = vi.fn();
    recommender.subscribe(() => { throw new Error('mine'); });
    recommender.subscribe(heard);
    await buy(recommender, 1);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(told).toHaveBeenCalledTimes(1);
    told.mockRestore();
  });
});
