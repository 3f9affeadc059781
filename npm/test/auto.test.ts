// The backend `auto`: the CPU answers at once, the GPU is tried beside it, the outcome is remembered. On a fake engine, in
// the page and over the worker protocol.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Recommender } from '../src/index.js';
import { fakeGlue } from './fake-engine.js';
import { fakeWorker } from './fake-worker.js';
import { gate } from './gate.js';
import type { FakeLog, FakeOptions } from './fake-engine.js';
import type { LoadOptions } from '../src/index.js';
import type { WasmGlue } from '../src/boundary.js';

const current = vi.hoisted(() => ({ glue: null as WasmGlue | null }));
vi.mock('../src/wasm.js', () => ({ loadWasm: () => Promise.resolve(current.glue) }));

const KEY = 'proclivity:backend:fake-model';
const DAY = 24 * 60 * 60 * 1000;
let log: FakeLog;
let stored: Map<string, string>;

function useFake(options?: FakeOptions): void {
  const fake = fakeGlue(options);
  current.glue = fake.glue;
  log = fake.log;
  vi.stubGlobal('Worker', fakeWorker(() => Promise.resolve(fake.glue)).Worker);
}

beforeEach(() => {
  stored = new Map();
  // As in a browser: storage is left alone in Node.
  vi.stubGlobal('process', { ...process, type: 'renderer' });
  vi.stubGlobal('navigator', { userAgent: 'this browser' });
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe.each([
  ['in the page', false],
  ['in a worker', true],
])('auto %s', (_, worker) => {
  const load = (options?: LoadOptions): Promise<Recommender> => Recommender.load(Uint8Array.of(7), { worker, ...options });
  const visit = async (options?: LoadOptions): Promise<Recommender> => {
    const recommender = await load(options);
    await recommender.settled();
    return recommender;
  };

  it('answers on the CPU while the GPU is tried, then takes what was faster', async () => {
    const held = gate();
    useFake({ adapter: 'a GPU', trial: held.gate });
    const recommender = await load();
    await vi.waitFor(() => { expect(log.trials).toEqual([[1500, undefined, undefined]]); });
    expect((await recommender.recommend({ count: 2 })).items).toHaveLength(2);
    await recommender.observe({ type: 'purchase', itemId: 'item-0' });
    expect(recommender.info()).toMatchObject({ backend: 'cpu', reason: 'being tried' });
    held.open();
    expect(await recommender.settled()).toMatchObject({ backend: 'webgpu', adapter: 'a GPU', reason: 'measured', worker });
    recommender.dispose();
  });

  it('tries nothing where a backend was asked for', async () => {
    useFake({ adapter: 'a GPU' });
    const recommender = await Recommender.load(Uint8Array.of(7), { worker, backend: 'cpu' });
    expect(await recommender.settled()).toMatchObject({ backend: 'cpu' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(log.trials).toEqual([]);
    expect(stored.size).toBe(0);
    recommender.dispose();
  });

  it('remembers a faster GPU, and opens it without measuring on the next visit', async () => {
    useFake({ adapter: 'a GPU' });
    (await visit()).dispose();
    expect(JSON.parse(stored.get(KEY)!)).toMatchObject({ device: 'this browser', adapter: 'a GPU', reason: 'measured', version: '1' });
    const recommender = await visit();
    const reason = `measured (measured on ${new Date().toISOString().slice(0, 10)})`;
    expect(log.trials[1]).toEqual([1500, reason, 'a GPU']);
    expect(recommender.info()).toMatchObject({ backend: 'webgpu', reason });
    recommender.dispose();
  });

  it('remembers a faster CPU, and leaves the GPU alone on the next visit', async () => {
    useFake();
    (await visit()).dispose();
    const recommender = await visit();
    expect(log.trials[1]).toEqual([1500, expect.stringContaining('measured on'), undefined]);
    expect(recommender.info()).toMatchObject({ backend: 'cpu', adapter: null, reason: expect.stringContaining('measured on') as string });
    recommender.dispose();
  });

  it.each<[string, (entry: Record<string, unknown>) => unknown]>([
    ['after 30 days', (entry) => ({ ...entry, time: Date.now() - 31 * DAY })],
    ['in another browser', (entry) => ({ ...entry, device: 'another browser' })],
    ['with another engine', (entry) => ({ ...entry, version: '0' })],
    ['where the entry is something else', () => ({ hello: 1 })],
    ['where the entry is no object', () => null],
  ])('measures anew %s', async (_case, change) => {
    useFake();
    (await visit()).dispose();
    expect(JSON.parse(stored.get(KEY)!)).toMatchObject({ days: 30 });
    stored.set(KEY, JSON.stringify(change(JSON.parse(stored.get(KEY)!) as Record<string, unknown>)));
    (await visit()).dispose();
    expect(log.trials[1]).toEqual([1500, undefined, undefined]);
  });

  it('measures anew the next day where the GPU was late', async () => {
    useFake({ holds: 1 });
    (await visit()).dispose();
    (await visit()).dispose();
    expect(log.trials[1]).toEqual([1500, expect.stringContaining('measured on'), undefined]);
    stored.set(KEY, JSON.stringify({ ...JSON.parse(stored.get(KEY)!) as object, time: Date.now() - DAY }));
    (await visit()).dispose();
    expect(log.trials[2]).toEqual([1500, undefined, undefined]);
  });

  it('stores nothing where it is asked not to', async () => {
    useFake({ adapter: 'a GPU' });
    for (let visits = 0; visits < 2; visits++) (await visit({ rememberBackend: false })).dispose();
    expect(stored.size).toBe(0);
    expect(log.trials).toEqual([[1500, undefined, undefined], [1500, undefined, undefined]]);
  });

  it('measures anew on another adapter, and forgets one that is gone', async () => {
    useFake({ adapter: 'a GPU' });
    (await visit()).dispose();
    useFake({ adapter: 'another GPU' });
    (await visit()).dispose();
    expect(JSON.parse(stored.get(KEY)!)).toMatchObject({ adapter: 'another GPU' });
    useFake();
    current.glue!.Engine.load = ((original) => async (...args: Parameters<typeof original>) => {
      const engine = await original(...args);
      engine.tryGpu = () => Promise.resolve(0); // a device that failed, which is not to be remembered
      return engine;
    })(current.glue!.Engine.load.bind(current.glue!.Engine));
    (await visit()).dispose();
    expect(stored.has(KEY)).toBe(false);
  });

  it('works where storage is forbidden', async () => {
    useFake({ adapter: 'a GPU' });
    vi.stubGlobal('localStorage', { getItem: () => { throw new Error('denied'); }, setItem: () => { throw new Error('denied'); } });
    const recommender = await visit();
    expect(recommender.info()).toMatchObject({ backend: 'webgpu' });
    recommender.dispose();
  });

  it('gives way to a backend that is chosen meanwhile', async () => {
    const held = gate();
    useFake({ adapter: 'a GPU', trial: held.gate });
    const recommender = await load();
    expect(await recommender.useBackend('cpu')).toMatchObject({ backend: 'cpu', reason: 'asked for' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(log.trials).toEqual([]); // it had not begun
    const again = recommender.useBackend('auto');
    await vi.waitFor(() => { expect(log.trials).toHaveLength(1); });
    await recommender.useBackend('cpu');
    held.open();
    expect(await again).toMatchObject({ backend: 'cpu', reason: 'asked for' });
    expect(stored.size).toBe(0);
    recommender.dispose();
  });

  it('measures anew when asked to', async () => {
    useFake({ adapter: 'a GPU' });
    (await visit()).dispose();
    const recommender = await visit();
    expect(await recommender.useBackend('auto')).toMatchObject({ backend: 'webgpu', reason: 'measured' });
    expect(log.trials[2]).toEqual([1500, undefined, undefined]);
    recommender.dispose();
  });

  it('can be disposed of before and during a trial, and frees the engine after it', async () => {
    const held = gate();
    useFake({ adapter: 'a GPU', trial: held.gate });
    const early = await load();
    early.dispose();
    await expect(early.settled()).rejects.toMatchObject({ code: 'disposed' });

    const recommender = await load();
    await vi.waitFor(() => { expect(log.trials).toHaveLength(1); });
    const settled = recommender.settled();
    const recommending = recommender.recommend();
    recommender.dispose();
    await expect(recommending).rejects.toMatchObject({ code: 'disposed' });
    held.open();
    await expect(settled).rejects.toMatchObject({ code: 'disposed' });
    expect(stored.size).toBe(0);
    if (!worker) expect(log.enginesAlive).toBe(0);
  });
});
