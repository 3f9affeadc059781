// TensorFlow.js on WebAssembly (one thread) and on WebGPU. MLP graphs are written the expert way: the first layer split.
import * as tf from '@tensorflow/tfjs-core';
import { splitFirstLayer, transpose } from '../safetensors.js';

/** Each backend is code of its own: a page that uses one does not load the other. */
const BACKENDS = {
  wasm: () => import('./tensorflow-wasm.js'),
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
};

/** @param {() => Promise<import('../safetensors.js').Model>} readTable */
export function tensorflow(readTable, backend) {
  return {
    name: `TensorFlow.js ${backend}`,
    peer: 'tensorflow',
    async open() {
      await BACKENDS[backend]();
      if (!(await tf.setBackend(backend)) || tf.getBackend() !== backend) throw new Error(`the ${backend} backend did not start`);
      const scores = network(await readTable());
      const top = (user) => tf.tidy(() => tf.topk(scores(tf.tensor2d(user, [1, user.length])), 10));
      return {
        detail: backend === 'wasm' ? 'one thread' : null,
        async query(user) {
          const { values, indices } = top(user);
          const answer = { items: await indices.data(), scores: await values.data() };
          tf.dispose([values, indices]);
          return answer;
        },
        read: ({ items, scores: values }) => ({ items: [...items], scores: [...values] }),
        close: () => tf.disposeVariables(),
      };
    },
  };
}

/** From a user (1, d) to the scores (n): the tables are uploaded once. */
function network(model) {
  const { items, dim, rows, layers, skip } = model;
  const table = tf.keep(tf.tensor2d(rows, [items, dim]));
  const dot = (user) => tf.reshape(tf.matMul(table, user, false, true), [items]);
  if (layers.length === 0) return dot;

  const { userWeight, itemHalf } = splitFirstLayer(model);
  const [first, ...others] = layers;
  const userLayer = tf.keep(tf.tensor2d(transpose(userWeight, first.outputs, dim), [dim, first.outputs]));
  const firstBias = tf.keep(tf.tensor1d(first.bias));
  const half = tf.keep(tf.tensor2d(itemHalf, [items, first.outputs]));
  const dense = others.map(({ weight, bias, inputs, outputs }) => ({
    weight: tf.keep(tf.tensor2d(transpose(weight, outputs, inputs), [inputs, outputs])),
    bias: tf.keep(tf.tensor1d(bias)),
  }));
  return (user) => {
    const userHalf = tf.add(tf.matMul(user, userLayer), firstBias);
    let hidden = tf.relu(tf.add(half, userHalf));
    dense.forEach(({ weight, bias }, n) => {
      const activation = n === dense.length - 1 ? 'linear' : 'relu';
      hidden = tf.fused.matMul({ a: hidden, b: weight, transposeA: false, transposeB: false, bias, activation });
    });
    const scores = tf.reshape(hidden, [items]);
    return skip === 0 ? scores : tf.add(scores, tf.mul(dot(user), skip));
  };
}
