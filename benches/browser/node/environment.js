// What the figures were measured on.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';

const PEERS = ['onnxruntime-web', '@tensorflow/tfjs-core', 'voy-search', 'hnswlib-wasm'];

export function describeMachine(chromium) {
  const lock = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package-lock.json'), 'utf8'));
  return {
    cpu: `${cpus().length} x ${cpus()[0].model.trim()}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    chromium,
    date: new Date().toISOString(),
    packages: Object.fromEntries(PEERS.map((name) => [name, lock.packages[`node_modules/${name}`].version])),
  };
}
