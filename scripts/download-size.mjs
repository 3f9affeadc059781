// Prints what a first visit to the built shop downloads, gzip'd: the model, the library's code, the shop's own.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../www/dist', import.meta.url));
const sizes = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => [entry.name, gzipSync(readFileSync(join(entry.parentPath, entry.name)), { level: 9 }).length]);
// A browser fetches one of the two builds of the engine; the larger counts.
const engines = sizes.filter(([name]) => name.endsWith('.wasm')).sort(([, a], [, b]) => b - a);
for (const engine of engines.slice(1)) sizes.splice(sizes.indexOf(engine), 1);
const total = (test) => sizes.filter(([name]) => test(name)).reduce((sum, [, bytes]) => sum + bytes, 0);
const line = (what, bytes) => console.log(`  ${what.padEnd(44)} ${(bytes / 1000).toFixed(1).padStart(7)} KB`);

// The other model is fetched by whoever asks for it.
const isModel = (name) => name === 'model.safetensors';
const isEngine = (name) => name.endsWith('.wasm');
// The bundler keeps the library in chunks named after it; the worker and the service worker are not part of a first visit.
const isBinding = (name) => /^proclivity-.*\.js$/.test(name);
const isShop = (name) => /\.js$/.test(name) && !isBinding(name) && !/^(worker-|sw\.)/.test(name);
for (const [what, test] of Object.entries({ model: isModel, engine: isEngine, bindings: isBinding, shop: isShop })) {
  if (!sizes.some(([name]) => test(name))) throw new Error(`www/dist holds no ${what}: build it with make demo`);
}

console.log('First load, gzip\'d:');
line('model', total(isModel));
line('library: engine (wasm, GPU and CPU)', total(isEngine));
line('library: JavaScript', total(isBinding));
line('library, code in all', total((name) => isEngine(name) || isBinding(name)));
line("the shop's own JavaScript", total(isShop));

const LIBRARY_LIMIT = 182_000;
const library = total((name) => isEngine(name) || isBinding(name));
if (library > LIBRARY_LIMIT) throw new Error(`the library's code is ${library} bytes, more than the ${LIBRARY_LIMIT} it may be`);
