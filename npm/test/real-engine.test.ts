// The package on the real WebAssembly engine and a real model. Needs both: scripts/build-wasm.sh, and PROCLIVITY_MODEL
// naming a model file.

import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recommender } from '../src/index.js';

const model = process.env.PROCLIVITY_MODEL ?? '';
const built = existsSync(new URL('../wasm/proclivity_bg.wasm', import.meta.url));
const missing = !built ? 'npm/wasm is not built' : model === '' ? 'PROCLIVITY_MODEL is not set' : undefined;

describe.skipIf(missing !== undefined)(`the real engine${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let recommender: Recommender;
  let load: typeof Recommender.load;

  beforeAll(async () => {
    ({ Recommender: { load } } = await import('../src/index.js'));
    recommender = await load(model);
  });
  afterAll(() => {
    recommender.dispose();
  });

  it('runs on the CPU in Node, its golden queries checked, and says why', async () => {
    expect((await load(model)).info().reason).toBe('the GPU has not been tried yet');
    const info = await recommender.settled();
    expect(info.reason).toContain('the CPU took over: backend `webgpu` is not available');
    expect(info.model).toMatch(/^[0-9a-f]{16}$/);
    expect(info).toMatchObject({ backend: 'cpu', adapter: null, worker: false });
    expect(info.kernels).toMatch(/^(relaxed-simd|simd128)$/);
    expect(info.golden.checked).toBeGreaterThan(0);
    expect(info.bytes).toBe(readFileSync(model).length);
  });

  it('says that the CPU took over where the GPU was asked for', async () => {
    const other = await load(model, { backend: 'webgpu' });
    expect(other.info()).toMatchObject({ backend: 'cpu', reason: expect.stringContaining('the CPU took over') as string });
    expect(await other.useBackend('cpu')).toMatchObject({ backend: 'cpu', reason: 'asked for' });
    expect(await other.useBackend('webgpu')).toMatchObject({ backend: 'cpu', reason: expect.stringContaining('the CPU took over') as string });
    other.dispose();
  });

  it('gives the catalogue as columns of one value an item', async () => {
    const { ids, columns } = await recommender.catalogue();
    expect(new Set(ids).size).toBe(recommender.info().items);
    for (const column of Object.values(columns)) {
      expect(column.type === 'category' ? column.codes.length : column.values.length).toBe(ids.length);
    }
  });

  it('recommends popular items first, then what the history asks for, and explains both', async () => {
    const { ids } = await recommender.catalogue();
    const bought = [ids[1]!, ids[Math.floor(ids.length / 2)]!];
    const cold = await recommender.recommend({ count: 5 });
    expect(cold.items.map(({ reasons }) => reasons)).toEqual(Array(5).fill([{ type: 'popular' }]));

    for (const itemId of bought) await recommender.observe({ type: 'purchase', itemId });
    const warm = await recommender.recommend({ count: 20 });
    expect(warm.items).toHaveLength(20);
    expect(warm.items.map(({ id }) => id)).not.toEqual(expect.arrayContaining([bought[0]]));
    const reasons = warm.items.flatMap((item) => item.reasons);
    expect(reasons.length).toBeGreaterThan(0);
    const because = reasons.filter((reason) => reason.type === 'because_of');
    expect(because.length).toBeGreaterThan(0);
    expect(because.every(({ itemId, event }) => bought.includes(itemId) && event === 'purchase')).toBe(true);
    expect(reasons.filter((reason) => reason.type !== 'because_of')).toSatisfy((others: typeof reasons) => others.every(({ type }) => type === 'popular' || type === 'taste'));
    expect((await recommender.recommend({ explain: false })).items[0]?.reasons).toEqual([]);
  });

  it('keeps to exclude, include and the number asked for', async () => {
    const { ids } = await recommender.catalogue();
    const first = (await recommender.recommend({ count: 3 })).items.map(({ id }) => id);
    const without = (await recommender.recommend({ count: 3, exclude: first })).items.map(({ id }) => id);
    expect(without.filter((id) => first.includes(id))).toEqual([]);
    const only = ids.slice(-4);
    const among = (await recommender.recommend({ count: 10, include: only, includeSeen: true })).items.map(({ id }) => id);
    expect(among.sort()).toEqual([...only].sort());
    expect((await recommender.similar(ids[0]!, { count: 4 })).items.map(({ id }) => id)).not.toContain(ids[0]);
  });

  it('tells what each stage left, those that leave items out too', async () => {
    const { ids } = await recommender.catalogue();
    const half = ids.filter((_, at) => at % 2 === 0);
    const { items, trace = [] } = await recommender.recommend({ count: 5, include: half, exclude: [half[0]!], diversity: 0.5, includeSeen: true, trace: true });
    expect(trace.map(({ stage }) => stage)).toEqual(['scores', 'include', 'exclude', 'diversity']);
    expect(trace.map(({ left }) => left)).toEqual([ids.length, half.length, half.length - 1, half.length - 1]);
    expect(trace.at(-1)?.ids).toEqual(items.map(({ id }) => id));
    expect(trace[1]?.ids.every((id) => half.includes(id))).toBe(true);
    expect((await recommender.recommend({ count: 5 })).trace).toBeUndefined();
  });

  it('keeps with an event where it was', async () => {
    const { ids } = await recommender.catalogue();
    const state = await recommender.export();
    const event = { type: 'click' as const, itemId: ids[5]!, timestamp: 1.7e12, context: { depth: 2.5, placement: 'cart' } };
    await recommender.observe(event);
    expect((await recommender.events()).at(-1)).toEqual(event);
    await recommender.import(JSON.parse(JSON.stringify(await recommender.export())) as typeof state);
    expect((await recommender.events()).at(-1)).toEqual(event);
    await expect(recommender.observe({ ...event, context: { placement: 'c'.repeat(65) } })).rejects.toMatchObject({ code: 'argument' });
    await recommender.import(state);
  });

  it('asks about items that tell of different tastes, and of what is not told yet', async () => {
    const asked = (await recommender.onboarding({ count: 6 })).items;
    expect(new Set(asked.map(({ id }) => id)).size).toBe(6);
    expect(asked.every(({ score, reasons }) => score > 0 && score <= 1 && reasons.length === 0)).toBe(true);
    const state = await recommender.export();
    await recommender.observe({ type: 'purchase', itemId: asked[0]!.id });
    const next = (await recommender.onboarding({ count: 6, exclude: [asked[1]!.id] })).items.map(({ id }) => id);
    expect(next).not.toContain(asked[0]!.id);
    expect(next).not.toContain(asked[1]!.id);
    await recommender.import(state);
    await expect(recommender.onboarding({ count: 0 })).rejects.toMatchObject({ code: 'argument' });
    await expect(recommender.onboarding({ cuont: 2 } as never)).rejects.toMatchObject({ code: 'argument' });
  });

  it('scores for a given user vector whatever the profile holds, and refuses one of another width', async () => {
    const { dim } = recommender.info();
    const user = Float32Array.from({ length: dim }, (_, axis) => Math.sin(axis + 1));
    const list = await recommender.recommend({ user, count: 5 });
    expect(list.items).toHaveLength(5);
    expect(list.items.flatMap(({ reasons }) => reasons)).toEqual([]);
    const state = await recommender.export();
    await recommender.observe({ type: 'purchase', itemId: list.items[0]!.id });
    expect((await recommender.recommend({ user: [...user], count: 5 })).items).toEqual(list.items);
    await recommender.import(state);
    const without = await recommender.recommend({ user, count: 4, exclude: [list.items[0]!.id] });
    expect(without.items).toEqual(list.items.slice(1));

    for (const wrong of [user.subarray(1), new Float32Array(dim + 1), []]) {
      await expect(recommender.recommend({ user: wrong })).rejects.toMatchObject({ code: 'argument' });
      await expect(recommender.recommend({ user: wrong })).rejects.toThrow(`expected ${dim} values, found ${wrong.length}`);
    }
    await expect(recommender.recommend({ user: user.map(() => NaN) })).rejects.toMatchObject({ code: 'argument' });
  });

  it('answers several users at once as it answers each alone', async () => {
    const { dim } = recommender.info();
    const user = Float32Array.from({ length: dim }, (_, axis) => Math.cos(axis));
    const state = await recommender.export();
    const alone = [await recommender.recommend({ user }), await recommender.recommend()];
    const lists = await recommender.recommendBatch([user, state, [...user]]);
    expect(lists.map(({ items }) => items)).toEqual([alone[0]!.items, alone[1]!.items, alone[0]!.items]);
    await expect(recommender.recommendBatch([user, user.subarray(1)])).rejects.toMatchObject({ code: 'argument' });
    await expect(recommender.recommendBatch([{ hello: 1 }])).rejects.toMatchObject({ code: 'argument' });
  });

  it('tells how much memory it takes', () => {
    const { memory, bytes } = recommender.info();
    expect(memory % 65_536).toBe(0);
    expect(memory).toBeGreaterThan(bytes);
  });

  it('carries a profile over as JSON', async () => {
    const before = (await recommender.recommend()).items.map(({ id }) => id);
    const state = JSON.stringify(await recommender.export());
    await recommender.forget();
    await recommender.import(JSON.parse(state) as Record<string, unknown>);
    expect((await recommender.recommend()).items.map(({ id }) => id)).toEqual(before);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['an unknown item', 'unknown_item', () => recommender.observe({ type: 'view', itemId: 'no such item' })],
    ['an unknown item to compare with', 'unknown_item', () => recommender.similar('no such item')],
    ['an unknown column', 'argument', () => recommender.recommend({ filter: { 'no such column': ['a'] } })],
    ['more items than there are', 'argument', () => recommender.recommend({ count: recommender.info().items + 1 })],
    ['a rating without stars', 'argument', async () => {
      const { ids } = await recommender.catalogue();
      await recommender.observe({ type: 'rating', itemId: ids[0]! });
    }],
    ['a state of something else', 'argument', () => recommender.import({ hello: 1 })],
    ['a model cut short', 'model_tensor', () => load(readFileSync(model).subarray(0, -100))],
    ['a model cut short in its header', 'model_format', () => load(readFileSync(model).subarray(0, 100))],
    ['no model at all', 'model_format', () => load(new Uint8Array())],
    ['an edited model', 'model_integrity', () => {
      const bytes = new Uint8Array(readFileSync(model));
      bytes[bytes.length - 1]! ^= 1;
      return load(bytes);
    }],
  ])('refuses %s with "%s"', async (_, code, call) => {
    await expect(call()).rejects.toMatchObject({ name: 'ProclivityError', code });
    expect(recommender.info().backend).toBe('cpu');
  });

  it('answers many calls at once', async () => {
    const lists = await Promise.all(Array.from({ length: 20 }, () => recommender.recommend()));
    expect(new Set(lists.map(({ recommId }) => recommId)).size).toBe(20);
    expect(new Set(lists.map(({ items }) => JSON.stringify(items))).size).toBe(1);
  });

  it('counts types of events as the page says, fading as it says', async () => {
    const loads = [load(model), load(model, { eventWeights: { view: 1 } }), load(model, { eventHalfLives: { view: 10 } })];
    const [usual, eager, fading] = (await Promise.all(loads)) as [Recommender, Recommender, Recommender];
    const { ids } = await usual.catalogue();
    const strengths: (number | undefined)[] = [];
    for (const user of [usual, eager, fading]) {
      const now = Date.now();
      await user.observe({ type: 'view', itemId: ids[0]!, timestamp: now - 20 * 86_400_000 });
      await user.observe({ type: 'view', itemId: ids[1]!, timestamp: now });
      strengths.push((await user.history()).find(({ itemId }) => itemId === ids[0])?.strength);
      user.dispose();
    }
    expect(strengths[1]).toBe(1);
    expect(strengths[2]! / strengths[0]!).toBeCloseTo(0.25, 3);
    await expect(load(model, { eventWeights: { veiw: 1 } as object })).rejects.toMatchObject({ code: 'argument' });
    await expect(load(model, { eventHalfLives: { view: 0 } })).rejects.toMatchObject({ code: 'argument' });
  });

  it('tries departments at random, and says how likely each item was', async () => {
    const brave = await load(model, { backend: 'cpu', scenarios: { brave: { count: 6, explore: { column: 'department', rate: 2, seed: 5 } } } });
    const { ids } = await brave.catalogue();
    await brave.observe({ type: 'purchase', itemId: ids[0]! });
    const { items } = await brave.recommend({ scenario: 'brave' });
    expect(items.every(({ propensity }) => propensity !== undefined && propensity > 0 && propensity <= 1)).toBe(true);
    expect((await brave.recommend({ scenario: 'brave' })).items.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
    const plain = await brave.recommend({ count: 6 });
    expect(plain.items.some((item) => 'propensity' in item)).toBe(false);
    brave.dispose();
  });
});
