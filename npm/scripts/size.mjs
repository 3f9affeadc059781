// Prints what the package weighs on the wire: each script as it is published (before a bundler minifies it), and each
// WebAssembly module, raw and gzip'd. A page fetches one of the two modules; the total counts the larger.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const base = new URL('../', import.meta.url);
const scripts = [...readdirSync(new URL('dist', base)).filter((name) => name.endsWith('.js')).map((name) => `dist/${name}`), 'wasm/proclivity.js'];
const builds = ['wasm/proclivity_bg.wasm', 'wasm/proclivity_relaxed_bg.wasm'];

const row = (name, raw, gzip) => console.log(name.padEnd(34), String(raw).padStart(9), String(gzip).padStart(9));
/** Prints a file's sizes, and returns them. */
function weigh(file) {
  const bytes = readFileSync(new URL(file, base));
  const packed = gzipSync(bytes, { level: 9 }).length;
  row(file, bytes.length, packed);
  return [bytes.length, packed];
}

row('file', 'bytes', 'gzip');
const fetched = [...scripts.map(weigh), builds.map(weigh).sort((a, b) => b[1] - a[1])[0]];
row('total', ...[0, 1].map((column) => fetched.reduce((sum, sizes) => sum + sizes[column], 0)));
