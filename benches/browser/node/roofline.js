// The page's roofline: makes the module that measures it, and turns its rates into the least time of each work.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import wabt from 'wabt';

const SOURCE = resolve(import.meta.dirname, '../src/roofline.wat');

/** Writes roofline.wasm into `folder`. */
export async function writeRoofline(folder) {
  const { parseWat } = await wabt();
  const module = parseWat('roofline.wat', readFileSync(SOURCE, 'utf8'), { simd: true, relaxed_simd: true });
  writeFileSync(join(folder, 'roofline.wasm'), module.toBinary({}).buffer);
}

/** Ways to multiply that the page has; the faster one counts. */
const F32 = ['f32', 'f32Fused'];
const INT8 = ['int8', 'int16'];

const DIM = 64;
const HIDDEN = [128, 64];

/** Products for one item's MLP, the first layer split: what is left of it for an item is an addition. */
const MLP = HIDDEN[0] * HIDDEN[1] + HIDDEN[1];

/**
 * What each work has to read and multiply at least, once a query: bytes of the table and of its scales or of the first
 * layer's item half (float32, or int16 for int8 arithmetic), products, and the ways to multiply.
 */
const NEEDS = {
  'dot-100k-int8': ({ items }) => ({ bytes: items * (DIM + 4), products: items * DIM, by: INT8 }),
  'dot-100k-f32': ({ items }) => ({ bytes: items * DIM * 4, products: items * DIM, by: F32 }),
  'mlp-10k-f32': ({ items }) => ({ bytes: items * HIDDEN[0] * 4, products: items * MLP, by: F32 }),
  'mlp-10k-int8': ({ items }) => ({ bytes: items * HIDDEN[0] * 2, products: items * MLP, by: INT8 }),
  'cascade-100k': ({ items, candidates }) => ({
    bytes: items * (DIM + 4) + candidates * HIDDEN[0] * 2,
    products: items * DIM + candidates * MLP,
    by: INT8,
  }),
};

/** @returns {{ bytes: number, products: number, readMillis: number, multiplyMillis: number, by: string } | null} */
export function floorOf(id, work, rates) {
  const need = NEEDS[id]?.(work);
  if (need === undefined || !rates || rates.failed) return null;
  const millis = (amount, rate) => (amount / rate) * 1000;
  const by = need.by.reduce((a, b) => (rates[b] > rates[a] ? b : a));
  return { ...need, by, readMillis: millis(need.bytes, rates.read), multiplyMillis: millis(need.products, rates[by]) };
}
