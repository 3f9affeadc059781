// Prints what a first visit to the built shop downloads, gzip'd: the model, the library's code, the shop's own files.
// The library's code is what the bundler made of the npm package: the engine and every script that holds part of it.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../www/dist', import.meta.url).pathname;
const files = readdirSync(dist, { recursive: true }).map((name) => join(dist, name)).filter((file) => statSync(file).isFile());
const gzip = (file) => gzipSync(readFileSync(file), { level: 9 }).length;
const total = (list) => list.reduce((sum, file) => sum + gzip(file), 0);
const kind = (test) => files.filter((file) => test.test(file));

const wasm = kind(/\.wasm$/);
const scripts = kind(/assets\/.*\.js$/);
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
console.log(`first load, gzip'd: model ${kb(total(kind(/\.safetensors$/)))}`);
console.log(`  engine (wasm, GPU and CPU) ${kb(total(wasm))}`);
for (const script of scripts) console.log(`  ${script.slice(dist.length + 1)} ${kb(gzip(script))}`);
