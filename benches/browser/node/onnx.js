// The peers' graphs: one ONNX file a way of writing the same scoring. Weights are those of our model file.
import onnxProto from 'onnx-proto';
import { splitFirstLayer, transpose } from '../src/safetensors.js';

const { onnx } = onnxProto;
const { FLOAT, INT8, INT64 } = onnx.TensorProto.DataType;
const OPSET = 17;
const TOP_K = 10;

/** `user · item` for every item, float32, the table as it is trained and stored: (n, d) x (d, 1). */
export function naiveDotGraph({ rows, items, dim }) {
  const shape = (name, dims) => tensor(name, INT64, [2], BigInt64Array.from(dims.map(BigInt)));
  return graph('dot', dim, [
    ['Reshape', ['user', shape('column', [dim, 1])], 'userColumn'],
    ['MatMul', [tensor('items', FLOAT, [items, dim], rows), 'userColumn'], 'scoreColumn'],
    ['Reshape', ['scoreColumn', shape('row', [1, items])], 'scores'],
  ]);
}

/** The same with the table transposed beforehand, which suits the runtime's kernels: (1, d) x (d, n). */
export function expertDotGraph({ rows, items, dim }) {
  return graph('dot-expert', dim, [
    ['MatMul', ['user', tensor('items', FLOAT, [dim, items], transpose(rows, items, dim))], 'scores'],
  ]);
}

/** The latter in integers: the user is quantised in the graph, the products are summed as int32. */
export function int8DotGraph({ int8, items, dim }) {
  return graph('dot-int8', dim, [
    ['DynamicQuantizeLinear', ['user'], ['user8', 'userScale', 'userZero']],
    ['MatMulInteger', ['user8', tensor('items', INT8, [dim, items], transpose(int8.values, items, dim)), 'userZero'], 'sums'],
    ['Cast', ['sums'], 'floats', { to: FLOAT }],
    ['Mul', ['floats', tensor('scale', FLOAT, [1, items], int8.scale)], 'scaled'],
    ['Mul', ['scaled', 'userScale'], 'scores'],
  ]);
}

/** As a framework exports it: the user is laid beside each item and the whole network runs on every pair. */
export function naiveGraph(model) {
  const { rows, items, dim, layers } = model;
  const shape = tensor('shape', INT64, [2], BigInt64Array.from([BigInt(items), BigInt(dim)]));
  const table = tensor('items', FLOAT, [items, dim], rows);
  return graph('naive', dim, [
    ['Expand', ['user', shape], 'users'],
    ['Concat', ['users', table], 'pairs', { axis: 1 }],
    ...denseLayers(layers, 'pairs', 0),
    ...scoresOf(model, table),
  ]);
}

/** As an expert writes it: what of the first layer does not depend on the user is computed beforehand. */
export function expertGraph(model) {
  const { items, dim, layers } = model;
  const { outputs, bias } = layers[0];
  const { userWeight, itemHalf } = splitFirstLayer(model);
  return graph('expert', dim, [
    ['Gemm', ['user', tensor('userWeight', FLOAT, [outputs, dim], userWeight), tensor('bias', FLOAT, [outputs], bias)], 'userHalf', { transB: 1 }],
    ['Add', [tensor('itemHalf', FLOAT, [items, outputs], itemHalf), 'userHalf'], 'layer0'],
    ['Relu', ['layer0'], 'hidden0'],
    ...denseLayers(layers, 'hidden0', 1),
    ...scoresOf(model, tensor('items', FLOAT, [items, dim], model.rows)),
  ]);
}

/** The layers from `from` on; the last one's output is called `mlp`. */
function denseLayers(layers, input, from) {
  const nodes = [];
  for (let n = from; n < layers.length; n++) {
    const { weight, bias, inputs, outputs } = layers[n];
    const last = n === layers.length - 1;
    const parameters = [tensor(`weight${n}`, FLOAT, [outputs, inputs], weight), tensor(`bias${n}`, FLOAT, [outputs], bias)];
    nodes.push(['Gemm', [input, ...parameters], last ? 'mlp' : `layer${n}`, { transB: 1 }]);
    input = `hidden${n}`;
    if (!last) nodes.push(['Relu', [`layer${n}`], input]);
  }
  return nodes;
}

/** (n, 1) → (1, n), with `skip * dot` where the model has it. */
function scoresOf({ items, skip }, table) {
  const flat = tensor('flat', INT64, [2], BigInt64Array.from([1n, BigInt(items)]));
  if (skip === 0) return [['Reshape', ['mlp', flat], 'scores']];
  return [
    ['Gemm', [table, 'user', 'mlp'], 'sum', { alpha: skip, transB: 1 }],
    ['Reshape', ['sum', flat], 'scores'],
  ];
}

/** A whole model around `nodes` ([operator, inputs, outputs, attributes?]), whose last output is `scores` (1, n). */
function graph(name, dim, nodes) {
  const initializer = new Map();
  const keep = (input) => {
    if (typeof input === 'string') return input;
    initializer.set(input.name, input);
    return input.name;
  };
  const k = tensor('k', INT64, [1], BigInt64Array.from([BigInt(TOP_K)]));
  const topK = ['TopK', ['scores', k], ['topScores', 'topItems'], { axis: 1, largest: 1, sorted: 1 }];
  const node = [...nodes, topK].map(([opType, inputs, outputs, attributes = {}], at) => ({
    name: `${opType}-${at}`,
    opType,
    input: inputs.map(keep),
    output: [outputs].flat(),
    attribute: Object.entries(attributes).map(([key, value]) => attribute(opType, key, value)),
  }));
  const value = (of, elemType, dims) => ({
    name: of,
    type: { tensorType: { elemType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
  });
  const model = onnx.ModelProto.create({
    irVersion: 8,
    producerName: 'proclivity-bench',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name,
      node,
      initializer: [...initializer.values()],
      input: [value('user', FLOAT, [1, dim])],
      output: [value('topScores', FLOAT, [1, TOP_K]), value('topItems', INT64, [1, TOP_K])],
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

function tensor(name, dataType, dims, values) {
  return { name, dataType, dims, rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

function attribute(opType, name, value) {
  const { INT, FLOAT: REAL } = onnx.AttributeProto.AttributeType;
  return name === 'alpha' ? { name, type: REAL, f: value } : { name, type: INT, i: value };
}
