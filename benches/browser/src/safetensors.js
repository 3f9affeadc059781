// Reads our model files for the peers and for the reference, in the page and in Node. Rows and weights come out as the
// very float32 numbers that the file stands for: int8 values times the scale of their row.

/** Bytes of an element, and the view for it. */
const DTYPES = { I8: Int8Array, U8: Uint8Array, U32: Uint32Array, F32: Float32Array };

/**
 * @typedef {{ weight: Float32Array, bias: Float32Array, inputs: number, outputs: number }} Layer
 * @typedef {object} Model
 * @property {number} items n
 * @property {number} dim d
 * @property {Float32Array} rows (n, d)
 * @property {{ values: Int8Array, scale: Float32Array } | null} int8 the table as stored, where it is int8
 * @property {Layer[]} layers of the MLP, weight (outputs, inputs); none for a dot shape
 * @property {number} skip weight of the dot product beside the MLP
 * @property {number | null} candidates N of a cascade; null where the MLP scores every item
 * @property {number} bytes size of the file
 */

/** @returns {Model} */
export function readModel(buffer) {
  const headerLength = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength)));
  const manifest = JSON.parse(header.__metadata__.model);
  const tensor = (name) => {
    const { dtype, data_offsets: [start, end] } = header[name];
    const View = DTYPES[dtype];
    if (View === undefined) throw new Error(`expected ${name} as ${Object.keys(DTYPES).join(', ')}, found ${dtype}`);
    const from = 8 + headerLength;
    return new View(buffer.slice(from + start, from + end));
  };
  const floats = (name) => {
    const values = tensor(name);
    if (values instanceof Float32Array) return values;
    const scale = tensor(`${name}.scale`);
    const width = values.length / scale.length;
    return Float32Array.from(values, (value, at) => value * scale[Math.floor(at / width)]);
  };
  const { items, dim, scoring } = manifest;
  const layers = (scoring.layers ?? []).map(({ inputs, outputs }, n) => ({
    weight: floats(`mlp.${n}.weight`),
    bias: floats(`mlp.${n}.bias`),
    inputs,
    outputs,
  }));
  const isInt8 = header['item.embedding'].dtype === 'I8';
  return {
    items,
    dim,
    rows: floats('item.embedding'),
    int8: isInt8 ? { values: tensor('item.embedding'), scale: tensor('item.embedding.scale') } : null,
    layers,
    skip: scoring.skip ?? 0,
    candidates: scoring.shape === 'cascade' ? scoring.candidates : null,
    bytes: buffer.byteLength,
  };
}

/** The first layer split, `W concat(u, i) + b = (W_u u + b) + W_i i`: W_u (outputs, d) and, for every item, W_i i (n, outputs). */
export function splitFirstLayer({ layers: [first], rows, items, dim }) {
  const { weight, inputs, outputs } = first;
  const userWeight = new Float32Array(outputs * dim);
  for (let o = 0; o < outputs; o++) userWeight.set(weight.subarray(o * inputs, o * inputs + dim), o * dim);
  const itemHalf = new Float32Array(items * outputs);
  for (let item = 0; item < items; item++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      const w = o * inputs + dim;
      for (let j = 0; j < dim; j++) sum += weight[w + j] * rows[item * dim + j];
      itemHalf[item * outputs + o] = sum;
    }
  }
  return { userWeight, itemHalf };
}

/** (rows, columns) → (columns, rows). */
export function transpose(matrix, rows, columns) {
  const out = new matrix.constructor(matrix.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c];
  return out;
}
