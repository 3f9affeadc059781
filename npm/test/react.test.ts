// @vitest-environment happy-dom
// The hook in a real React tree, over the public class on a fake engine.

import { act, createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Recommender } from '../src/index.js';
import { useRecommendations, type Recommendations } from '../src/react.js';
import { fakeGlue } from './fake-engine.js';
import { gate } from './gate.js';
import type { RecommendOptions } from '../src/index.js';
import type { WasmGlue } from '../src/boundary.js';

const current = vi.hoisted(() => ({ glue: null as WasmGlue | null }));
vi.mock('../src/wasm.js', () => ({ loadWasm: () => Promise.resolve(current.glue) }));

let root: Root;
let seen: Recommendations;
let renders = 0;

function List({ recommender, options }: { recommender: Recommender | null; options: RecommendOptions }): string {
  seen = useRecommendations(recommender, options);
  renders += 1;
  return seen.items.map(({ id }) => id).join(' ');
}

async function show(recommender: Recommender | null, options: RecommendOptions = { count: 2 }): Promise<void> {
  act(() => { root.render(createElement(List, { recommender, options })); });
  await settled();
}
/** Lets what was asked for come, and React draw it. */
const settled = (): Promise<void> => act(() => new Promise<void>((resolve) => setTimeout(resolve, 20)));
const text = (): string | null => document.body.textContent;
const load = (): Promise<Recommender> => Recommender.load(Uint8Array.from([7]), { backend: 'cpu' });

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  current.glue = fakeGlue().glue;
  document.body.innerHTML = '<div></div>';
  root = createRoot(document.body.firstElementChild!);
});
afterEach(() => {
  act(() => { root.unmount(); });
  vi.unstubAllGlobals();
});

it('shows nothing while the model loads, then the list, then what the profile learns', async () => {
  await show(null);
  expect(seen).toEqual({ items: [], recommId: null, pending: true, error: null });
  const recommender = await load();
  await show(recommender);
  expect(text()).toBe('item-0 item-1');
  expect(seen).toMatchObject({ pending: false, error: null });
  const before = seen.recommId;
  await act(() => recommender.observe({ type: 'purchase', itemId: 'item-0' }));
  await settled();
  expect(text()).toBe('item-1 item-2');
  expect(seen.recommId).not.toBe(before);
});

it('asks anew for other options only', async () => {
  const recommender = await load();
  await show(recommender, { count: 2, user: Float32Array.of(1) });
  const before = renders;
  await show(recommender, { count: 2, user: Float32Array.of(1) });
  expect(renders).toBe(before + 1); // no list was on its way
  await show(recommender, { count: 3, rules: [{ type: 'hide', itemId: 'item-9', until: new Date(5) }] });
  expect(seen.error).toBeNull();
  expect(text()).toBe('item-0 item-1 item-2');
});

it('tells of an error, keeps the list there was, and recovers', async () => {
  const recommender = await load();
  await show(recommender);
  await show(recommender, { count: 0 });
  expect(seen).toMatchObject({ pending: false, error: { code: 'argument' } });
  expect(text()).toBe('item-0 item-1');
  await show(recommender, { count: 1 });
  expect(seen).toMatchObject({ error: null });
  expect(text()).toBe('item-0');
});

it('passes over a list that comes too late, and listens no more once it is gone', async () => {
  const recommender = await load();
  const [first, second] = [await recommender.recommend({ count: 1 }), await recommender.recommend({ count: 2 })];
  const slow = gate();
  const ended = vi.fn();
  vi.spyOn(recommender, 'recommend').mockImplementationOnce(() => slow.gate.then(() => first)).mockResolvedValue(second);
  const subscribe = recommender.subscribe.bind(recommender);
  vi.spyOn(recommender, 'subscribe').mockImplementation((listener) => {
    const end = subscribe(listener);
    return () => { ended(); end(); };
  });
  await show(recommender);
  expect(seen).toMatchObject({ items: [], pending: true });
  await act(() => recommender.observe({ type: 'view', itemId: 'item-5' }));
  await settled();
  expect(text()).toBe('item-0 item-1');
  slow.open();
  await settled();
  expect(text()).toBe('item-0 item-1');

  await show(null);
  expect(ended).toHaveBeenCalledTimes(1);
  expect(seen).toMatchObject({ items: [], pending: true });
});
