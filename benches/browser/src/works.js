// What is timed, and who takes part. `answers` says how a contender's answers are held to the reference (check.js).
import { hnswlib } from './contenders/hnswlib.js';
import { onnxruntime } from './contenders/onnxruntime.js';
import { proclivity } from './contenders/proclivity.js';
import { tensorflow } from './contenders/tensorflow.js';
import { voy } from './contenders/voy.js';

/** Rounds of contenders that answer in milliseconds, and of those that take seconds. */
const MANY = 31;
const FEW = 15;

/**
 * @typedef {object} Work
 * @property {string} model name of the safetensors file, for the reference and the peers
 * @property {number} rounds
 * @property {number} checks how many users are asked for and checked before timing
 * @property {(readTable: () => Promise<object>) => object[]} contenders
 */

/** @type {Record<string, Work>} */
export const WORKS = {
  'dot-100k-int8': {
    model: 'dot-100k-int8',
    rounds: MANY,
    checks: 8,
    contenders: (readTable) => [
      { ...proclivity('dot-100k-int8', 'cpu'), answers: 'int8-user' },
      { ...onnxruntime('dot-100k-int8', 'naive', 'wasm'), answers: 'float' },
      { ...onnxruntime('dot-100k-int8', 'expert', 'wasm'), answers: 'float' },
      { ...onnxruntime('dot-100k-int8', 'int8', 'wasm'), answers: 'int8-user' },
      { ...tensorflow(readTable, 'wasm'), answers: 'float' },
      { ...voy(readTable), answers: 'approximate' },
      { ...hnswlib(readTable), answers: 'approximate' },
    ],
  },
  'dot-100k-f32': {
    model: 'dot-100k-f32',
    rounds: MANY,
    checks: 8,
    contenders: (readTable) => [
      { ...proclivity('dot-100k-f32', 'cpu'), answers: 'float' },
      { ...onnxruntime('dot-100k-f32', 'naive', 'wasm'), answers: 'float' },
      { ...onnxruntime('dot-100k-f32', 'expert', 'wasm'), answers: 'float' },
      { ...tensorflow(readTable, 'wasm'), answers: 'float' },
    ],
  },
  'mlp-10k-f32': {
    model: 'mlp-10k-f32',
    rounds: MANY,
    checks: 8,
    contenders: (readTable) => [
      { ...proclivity('mlp-10k-f32', 'cpu'), answers: 'float' },
      { ...onnxruntime('mlp-10k-f32', 'expert', 'wasm'), answers: 'float' },
      { ...onnxruntime('mlp-10k-f32', 'naive', 'wasm'), answers: 'float' },
      { ...tensorflow(readTable, 'wasm'), answers: 'float' },
    ],
  },
  'mlp-10k-int8': {
    model: 'mlp-10k-int8',
    rounds: MANY,
    checks: 8,
    contenders: (readTable) => [
      { ...proclivity('mlp-10k-int8', 'cpu'), answers: 'int8-mlp' },
      { ...onnxruntime('mlp-10k-int8', 'expert', 'wasm'), answers: 'float' },
      { ...onnxruntime('mlp-10k-int8', 'naive', 'wasm'), answers: 'float' },
      { ...tensorflow(readTable, 'wasm'), answers: 'float' },
    ],
  },
  'cascade-100k': {
    model: 'cascade-100k',
    rounds: FEW,
    checks: 4,
    contenders: (readTable) => [
      { ...proclivity('cascade-100k', 'cpu'), answers: 'cascade' },
      { ...onnxruntime('cascade-100k', 'expert', 'wasm'), answers: 'float' },
      { ...tensorflow(readTable, 'wasm'), answers: 'float' },
    ],
  },
  'mlp-10k-webgpu': {
    model: 'mlp-10k-f32',
    rounds: FEW,
    checks: 2,
    contenders: (readTable) => [
      { ...proclivity('mlp-10k-f32', 'webgpu'), answers: 'float' },
      { ...onnxruntime('mlp-10k-f32', 'expert', 'webgpu'), answers: 'float' },
      { ...onnxruntime('mlp-10k-f32', 'naive', 'webgpu'), answers: 'float' },
      { ...tensorflow(readTable, 'webgpu'), answers: 'float' },
    ],
  },
};

/** Ours alone, by the size of the catalogue: 10,000, 100,000 and 1,000,000 items, dot, int8. */
export const SCALE = ['dot-10k-int8', 'dot-100k-int8', 'dot-1m-int8'];
export const SCALE_ROUNDS = MANY;
