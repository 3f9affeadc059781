// Prints what the package weighs on the wire: each script as it is published (before a bundler minifies it), and the
// WebAssembly module, raw and gzip'd.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const base = new URL('../', import.meta.url);
const files = [
  ...readdirSync(new URL('dist', base)).filter((name) => name.endsWith('.js')).map((name) => `dist/${name}`),
  'wasm/proclivity.js',
  'wasm/proclivity_bg.wasm',
];

const row = (name, raw, gzip) => console.log(name.padEnd(28), String(raw).padStart(9), String(gzip).padStart(9));
row('file', 'bytes', 'gzip');
let raw = 0;
let gzip = 0;
for (const file of files) {
  const bytes = readFileSync(new URL(file, base));
  const packed = gzipSync(bytes, { level: 9 }).length;
  raw += bytes.length;
  gzip += packed;
  row(file, bytes.length, packed);
}
row('total', raw, gzip);
