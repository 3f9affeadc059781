// The public class on a fake engine: one suite, run in the page and over the worker protocol.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Recommender } from '../src/index.js';
import { fakeGlue, FAKE_ITEMS } from './fake-engine.js';
import { fakeWorker } from './fake-worker.js';
import { gate } from './gate.js';
import type { FakeLog, FakeOptions } from './fake-engine.js';
import type { LoadOptions, LoadProgress } from '../src/index.js';
import type { WasmGlue } from '../src/boundary.js';

const current = vi.hoisted(() => ({ glue: null as WasmGlue | null }));
vi.mock('../src/wasm.js', () => ({ loadWasm: () => Promise.resolve(current.glue) }));

const MODEL = Uint8Array.from([7, 1, 2, 3]);
let log: FakeLog;
let workers: ReturnType<typeof fakeWorker>;

function useFake(options?: FakeOptions): void {
  const fake = fakeGlue(options);
  current.glue = fake.glue;
  log = fake.log;
  workers = fakeWorker(() => Promise.resolve(fake.glue));
  vi.stubGlobal('Worker', workers.Worker);
}

beforeEach(() => {
  useFake();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['in the page', false],
  ['in a worker', true],
])('Recommender %s', (_, worker) => {
  const load = (options?: LoadOptions): Promise<Recommender> => Recommender.load(MODEL, { ...options, worker });

  it('loads, learns and recommends', async () => {
    const recommender = await load();
    await recommender.observe({ type: 'purchase', itemId: 'item-0' });
    const { items, recommId, millis } = await recommender.recommend({ count: 3, explain: true });
    expect(items.map(({ id }) => id)).toEqual(['item-1', 'item-2', 'item-3']);
    expect(items[0]).toEqual({ id: 'item-1', score: 1, reasons: [{ type: 'popular' }] });
    expect(recommId).toMatch(/^[0-9a-f]{24}-/);
    expect(millis).toBeGreaterThan(0);
    expect(recommender.info()).toMatchObject({ backend: 'cpu', items: 20, worker });
    recommender.dispose();
  });

  it('goes on with a list without repeats, rules in their place', async () => {
    const recommender = await load();
    const ids = ({ items }: { items: { id: string }[] }): string[] => items.map(({ id }) => id);
    const rules = [{ type: 'promote', itemId: 'item-9', position: 5 }, { type: 'promote', itemId: 'item-8' }, { type: 'hide', itemId: 'item-7' }] as const;
    const first = await recommender.recommend({ count: 3, exclude: ['item-1'], rules });
    expect(log.requests.at(-1)).toMatchObject({ exclude: ['item-1'], rules });
    const [second, third] = await Promise.all([recommender.next(first.recommId, 2), recommender.next(first.recommId, 2)]);
    expect([second.recommId, third.recommId]).toEqual([first.recommId, first.recommId]);
    const shown = [...ids(first), ...ids(second)];
    expect(log.requests.at(-1)).toMatchObject({ count: 2, exclude: ['item-1', ...shown], rules: [{ ...rules[0], until: 0 }, { ...rules[1], until: 0 }, rules[2]] });
    expect(log.requests.at(-2)).toMatchObject({ rules: [{ ...rules[0], position: 2 }, { ...rules[1], until: 0 }, rules[2]] });

    const similar = await recommender.similar('item-3', { count: 4 });
    await recommender.next(similar.recommId);
    expect(log.requests.at(-1)).toMatchObject({ count: 10, exclude: ids(similar) });
    await expect(recommender.next('unknown')).rejects.toMatchObject({ code: 'argument', message: expect.stringContaining('recommId') as string });
    await expect(recommender.next(first.recommId, 0)).rejects.toMatchObject({ code: 'argument' });
    for (let list = 0; list < 50; list++) await recommender.recommend({ count: 1 });
    await expect(recommender.next(first.recommId)).rejects.toMatchObject({ code: 'argument' });
    recommender.dispose();
  });

  it('tells its events, takes one back, and says when to send a message', async () => {
    const recommender = await load();
    const heard = vi.fn();
    await recommender.observe({ type: 'view', itemId: 'item-0' });
    await recommender.observe({ type: 'view', itemId: 'item-1' });
    recommender.subscribe(heard);
    expect(await recommender.retract({ type: 'view', itemId: 'item-0' })).toBe(true);
    expect(await recommender.retract({ type: 'view', itemId: 'item-9' })).toBe(false);
    expect(heard).toHaveBeenCalledTimes(2);
    expect(await recommender.events()).toEqual([{ type: 'view', itemId: 'item-1', timestamp: 0 }]);
    await recommender.pushed({ channel: 'mail', opened: true });
    expect(log.requests.at(-1)).toMatchObject({ channel: 'mail', opened: true });
    expect(await recommender.bestTime({ within: '2d', explore: false })).toMatchObject({ probability: 0.5 });
    expect(log.requests.at(-1)).toMatchObject({ within: 48 });
    recommender.dispose();
  });

  it('adds items and takes a delta without losing the profile, in the order of the calls', async () => {
    const recommender = await load();
    const before = recommender.recommend({ count: 20 });
    const adding = recommender.addItems([{ id: 'new-1', attributes: { title: 'New', price: 3 } }, { id: 'new-2' }]);
    const observed = recommender.observe({ type: 'purchase', itemId: 'new-1' });
    expect((await before).items).toHaveLength(20);
    expect(await adding).toMatchObject({ items: 22, worker });
    await observed;
    expect((await recommender.recommend({ count: 22 })).items.at(-1)?.id).toBe('new-2');

    expect(await recommender.update(Uint8Array.from([5]))).toMatchObject({ items: 5 });
    expect((await recommender.catalogue()).ids).toEqual(FAKE_ITEMS.slice(0, 5));
    expect(await recommender.export()).toMatchObject({ history: ['new-1'] });
    expect(log).toMatchObject({ enginesAlive: 1, buffersAlive: 0 });
    recommender.dispose();
    if (!worker) expect(log.enginesAlive).toBe(0);
  });

  it('takes updates and added items in the order in which they were asked for, whichever download ends first', async () => {
    const recommender = await load();
    let arrive: (response: Response) => void = () => undefined;
    const slow = recommender.update(new Promise<Response>((resolve) => { arrive = resolve; }));
    const quick = recommender.update(Uint8Array.from([3]));
    const adding = recommender.addItems([{ id: 'new-1' }]);
    expect((await recommender.recommend({ count: 20 })).items).toHaveLength(20); // does not wait
    arrive(new Response(Uint8Array.from([5])));
    expect([(await slow).items, (await quick).items, (await adding).items]).toEqual([5, 3, 4]);
    recommender.dispose();
  });

  it('leaves an update that is aborted, and goes on with the next', async () => {
    const recommender = await load();
    const abort = new AbortController();
    const hung = recommender.update(new Promise<Response>(() => undefined), { signal: abort.signal });
    const next = recommender.update(Uint8Array.from([3]));
    abort.abort(new Error('enough'));
    await expect(hung).rejects.toThrow('enough');
    expect(await next).toMatchObject({ items: 3 });
    await expect(recommender.update(Uint8Array.from([3]), { signal: abort.signal })).rejects.toThrow('enough');
    await expect(recommender.update(Uint8Array.from([3]), { signal: 'no' as never })).rejects.toMatchObject({ code: 'argument' });
    recommender.dispose();
  });

  it('stays as it was where items or a delta are refused', async () => {
    const recommender = await load();
    const refused = (items: unknown): Promise<unknown> => recommender.addItems(items as []);
    await expect(refused('x')).rejects.toMatchObject({ code: 'argument' });
    await expect(refused([{ id: '' }])).rejects.toMatchObject({ code: 'argument' });
    await expect(refused([{ id: 'a', titel: 'x' }])).rejects.toMatchObject({ code: 'argument', message: expect.stringContaining('titel') as string });
    await expect(refused([{ id: 'a', attributes: { price: NaN } }])).rejects.toMatchObject({ code: 'argument', message: expect.stringContaining('price') as string });
    await expect(refused([{ id: 'a', attributes: { picture: [1, NaN] } }])).rejects.toMatchObject({ code: 'argument', message: expect.stringContaining('picture') as string });
    await expect(refused([{ id: 'item-3' }])).rejects.toMatchObject({ code: 'argument', message: expect.stringContaining('item-3') as string });
    await expect(recommender.update(Uint8Array.from([0]))).rejects.toMatchObject({ code: 'delta' });
    expect(recommender.info()).toMatchObject({ items: 20 });
    expect((await recommender.recommend({ count: 20 })).items).toHaveLength(20);
    expect(log).toMatchObject({ enginesAlive: 1, buffersAlive: 0 });
    recommender.dispose();
  });

  it('hands the model over unchanged and leaves the caller its bytes', async () => {
    const recommender = await load();
    expect(log.received).toEqual(MODEL);
    expect(MODEL.byteLength).toBe(4);
    expect(log.expectedBytes).toEqual([4]);
    recommender.dispose();
  });

  it('reports progress, ending with the total', async () => {
    const reports: LoadProgress[] = [];
    (await load({ onProgress: (progress) => reports.push(progress) })).dispose();
    expect(reports).toEqual([{ loaded: 4, total: 4 }, { loaded: 4, total: 4 }]);
  });

  it('lets calls overlap, in the order they were made', async () => {
    const recommender = await load();
    const before = recommender.recommend({ count: 1 });
    const learned = recommender.observe({ type: 'view', itemId: 'item-0' });
    const after = recommender.recommend({ count: 1 });
    const [first, , second] = await Promise.all([before, learned, after]);
    expect(first.items[0]?.id).toBe('item-0');
    expect(second.items[0]?.id).toBe('item-1');
    expect(first.recommId).not.toBe(second.recommId);
    recommender.dispose();
  });

  it('gives an event its time', async () => {
    const recommender = await load();
    const now = Date.now();
    await recommender.observe({ type: 'rating', itemId: 'item-2', value: 4 });
    await recommender.observe({ type: 'view', itemId: 'item-3', timestamp: 5 });
    expect(log.events[0]).toMatchObject({ type: 'rating', value: 4 });
    expect(log.events[0]!.timestamp).toBeGreaterThanOrEqual(now);
    expect(log.events[1]).toEqual({ type: 'view', itemId: 'item-3', timestamp: 5 });
    recommender.dispose();
  });

  it('answers a batch of vectors and profiles in their order', async () => {
    const recommender = await load();
    await recommender.observe({ type: 'purchase', itemId: 'item-0' });
    const lists = await recommender.recommendBatch([[1, 2], { history: ['item-0', 'item-1'] }, Float32Array.of(3)], { count: 2 });
    expect(lists.map(({ items }) => items.map(({ id }) => id))).toEqual([['item-0', 'item-1'], ['item-2', 'item-3'], ['item-0', 'item-1']]);
    expect(new Set(lists.map(({ recommId }) => recommId)).size).toBe(3);
    expect(await recommender.recommendBatch([])).toEqual([]);
    await expect(recommender.recommendBatch('all' as never)).rejects.toMatchObject({ code: 'argument' });
    await expect(recommender.recommendBatch(['all'] as never)).rejects.toMatchObject({ code: 'argument' });
    await expect(recommender.recommendBatch([], { user: [1] } as never)).rejects.toMatchObject({ code: 'argument' });
    recommender.dispose();
  });

  it('finds similar items and the catalogue', async () => {
    const recommender = await load();
    const { items } = await recommender.similar('item-0', { count: 2 });
    expect(items.map(({ id }) => id)).toEqual(['item-1', 'item-2']);
    const catalogue = await recommender.catalogue();
    expect(catalogue.ids).toEqual(FAKE_ITEMS);
    expect(catalogue.columns.price).toEqual({ type: 'number', values: new Float32Array(20) });
    recommender.dispose();
  });

  it('exports, forgets and imports the profile', async () => {
    const recommender = await load();
    await recommender.observe({ type: 'cart', itemId: 'item-0' });
    const state = await recommender.export();
    await recommender.forget();
    expect((await recommender.recommend({ count: 1 })).items[0]?.id).toBe('item-0');
    await recommender.import(JSON.parse(JSON.stringify(state)) as typeof state);
    expect((await recommender.recommend({ count: 1 })).items[0]?.id).toBe('item-1');
    recommender.dispose();
  });

  it('keeps the engine\'s error codes', async () => {
    const recommender = await load();
    await expect(recommender.observe({ type: 'view', itemId: 'nope' })).rejects.toMatchObject({ name: 'ProclivityError', code: 'unknown_item' });
    await expect(recommender.useBackend('webgpu')).rejects.toMatchObject({ code: 'no_adapter' });
    expect(await recommender.useBackend('cpu')).toMatchObject({ backend: 'cpu', reason: 'asked for', worker });
    await expect(Recommender.load(Uint8Array.of(0, 1), { worker })).rejects.toMatchObject({ code: 'model_hash' });
    await expect(Recommender.load(new ArrayBuffer(0), { worker })).rejects.toMatchObject({ code: 'model_truncated' });
    await expect(load({ backend: 'webgpu' })).rejects.toMatchObject({ code: 'no_adapter' });
    recommender.dispose();
    expect(log.buffersAlive).toBe(0);
    expect(workers.alive()).toBe(0);
  });

  it('refuses bad arguments before they reach the engine', async () => {
    const recommender = await load();
    await expect(recommender.recommend({ count: 0 })).rejects.toMatchObject({ code: 'argument' });
    await expect(recommender.observe({ type: 'buy' as 'purchase', itemId: 'item-0' })).rejects.toMatchObject({ code: 'argument' });
    await expect(Recommender.load(42 as unknown as string, { worker })).rejects.toMatchObject({ code: 'argument' });
    expect(log.requests).toEqual([]);
    recommender.dispose();
  });

  it('rejects every call after dispose', async () => {
    const recommender = await load();
    recommender.dispose();
    recommender.dispose();
    const disposed = { code: 'disposed' };
    await expect(recommender.recommend()).rejects.toMatchObject(disposed);
    await expect(recommender.similar('item-0')).rejects.toMatchObject(disposed);
    await expect(recommender.observe({ type: 'view', itemId: 'item-0' })).rejects.toMatchObject(disposed);
    await expect(recommender.catalogue()).rejects.toMatchObject(disposed);
    await expect(recommender.export()).rejects.toMatchObject(disposed);
    await expect(recommender.import({})).rejects.toMatchObject(disposed);
    await expect(recommender.forget()).rejects.toMatchObject(disposed);
    await expect(recommender.useBackend('cpu')).rejects.toMatchObject(disposed);
    expect(() => recommender.info()).toThrow(expect.objectContaining(disposed) as Error);
    expect(workers.alive()).toBe(0);
    if (!worker) expect(log.enginesAlive).toBe(0);
  });

  it('rejects the calls under way at dispose, and frees the engine after them', async () => {
    const recommender = await load();
    const running = recommender.recommend();
    const waiting = recommender.observe({ type: 'view', itemId: 'item-0' });
    const settled = Promise.allSettled([running, waiting]);
    await Promise.resolve();
    recommender.dispose();
    const [first, second] = await settled;
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'disposed' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'disposed' } });
    expect(log.events).toEqual([]);
    if (!worker) await vi.waitFor(() => { expect(log.enginesAlive).toBe(0); });
  });

  it('does not start when the signal is aborted already', async () => {
    const reason = new Error('changed my mind');
    await expect(load({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(log.expectedBytes).toEqual([]);
  });

  it('frees the buffer when aborted while the model streams in', async () => {
    const controller = new AbortController();
    const cancelled = vi.fn();
    let pull = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(stream) {
        pull += 1;
        if (pull <= 2) stream.enqueue(Uint8Array.of(pull));
        return new Promise((resolve) => setTimeout(resolve, 1));
      },
      cancel: cancelled,
    });
    const loading = Recommender.load(new Response(body), {
      worker,
      signal: controller.signal,
      onProgress: ({ loaded }) => { if (loaded === 2) controller.abort(); },
    });
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => { expect(cancelled).toHaveBeenCalled(); });
    if (!worker) expect(log.buffersAlive).toBe(0);
    expect(workers.alive()).toBe(0);
  });

  it('rejects at once when aborted while the engine starts, and frees it when it has', async () => {
    const held = gate();
    useFake({ gate: held.gate });
    const controller = new AbortController();
    const loading = load({ signal: controller.signal });
    setTimeout(() => { controller.abort(); }, 20);
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    held.open();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(log.buffersAlive).toBe(0);
    if (!worker) expect(log.enginesAlive).toBe(0);
    expect(workers.alive()).toBe(0);
  });

  it('lets an error of the progress callback through', async () => {
    const mine = new Error('mine');
    await expect(load({ onProgress: () => { throw mine; } })).rejects.toBe(mine);
    await vi.waitFor(() => { expect(workers.alive()).toBe(0); });
    if (!worker) await vi.waitFor(() => { expect(log.buffersAlive).toBe(0); });
  });
});

describe('the worker', () => {
  it('is created only when asked for', async () => {
    (await Recommender.load(MODEL)).dispose();
    expect(workers.urls).toEqual([]);
    (await Recommender.load(MODEL, { worker: true })).dispose();
    expect(workers.urls).toEqual([new URL('../src/worker.js', import.meta.url).href]);
  });

  it('rejects everything when it dies', async () => {
    const recommender = await Recommender.load(MODEL, { worker: true });
    const running = recommender.recommend();
    running.catch(() => undefined);
    await Promise.resolve();
    workers.crash('out of memory');
    await expect(running).rejects.toMatchObject({ code: 'worker' });
    await expect(recommender.recommend()).rejects.toMatchObject({ code: 'worker' });
    recommender.dispose();
    await expect(recommender.recommend()).rejects.toMatchObject({ code: 'disposed' });
  });

  it('is refused with a way out where there are no web workers', async () => {
    vi.stubGlobal('Worker', undefined);
    await expect(Recommender.load(MODEL, { worker: true })).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('says so when it may not be created', async () => {
    vi.stubGlobal('Worker', function Blocked() { throw new Error('blocked by policy'); });
    await expect(Recommender.load(MODEL, { worker: true })).rejects.toMatchObject({ code: 'worker' });
  });
});
