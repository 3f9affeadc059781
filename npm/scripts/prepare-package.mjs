// Before packing: the WebAssembly build must be there, and the licences come along.
import { copyFileSync, existsSync, readdirSync } from 'node:fs';

const missing = ['proclivity.js', 'proclivity.d.ts', 'proclivity_bg.wasm', 'proclivity_relaxed_bg.wasm'].filter(
  (file) => !existsSync(new URL(`../wasm/${file}`, import.meta.url)),
);
if (missing.length > 0) {
  console.error(`expected ${missing.join(', ')} in npm/wasm, found none; run scripts/build-wasm.sh first`);
  process.exit(1);
}

const root = new URL('../../', import.meta.url);
for (const file of readdirSync(root).filter((name) => name.startsWith('LICENSE'))) {
  copyFileSync(new URL(file, root), new URL(`../${file}`, import.meta.url));
}
