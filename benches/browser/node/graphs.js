// Writes the peers' ONNX files beside our models, each from the safetensors file of the same name.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModel } from '../src/safetensors.js';
import { expertDotGraph, expertGraph, int8DotGraph, naiveDotGraph, naiveGraph } from './onnx.js';

const GRAPHS = {
  'dot-100k-int8': { naive: naiveDotGraph, expert: expertDotGraph, int8: int8DotGraph },
  'dot-100k-f32': { naive: naiveDotGraph, expert: expertDotGraph },
  'mlp-10k-f32': { naive: naiveGraph, expert: expertGraph },
  'mlp-10k-int8': { naive: naiveGraph, expert: expertGraph },
  'cascade-100k': { expert: expertGraph },
};

export function writeGraphs(folder) {
  for (const [name, graphs] of Object.entries(GRAPHS)) {
    const file = readFileSync(join(folder, `${name}.safetensors`));
    const model = readModel(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
    for (const [suffix, write] of Object.entries(graphs)) writeFileSync(join(folder, `${name}.${suffix}.onnx`), write(model));
  }
}
