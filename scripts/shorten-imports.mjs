// Gives the engine's imports short names, in the module and in its bindings alike: `node shorten-imports.mjs DIR`.
// wasm-bindgen names each import after its function and a hash; over two hundred of them are 5 % of the download.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { IMPORT, assemble, eachImport, leb, sections, vector } from './wasm-binary.mjs';

const folder = process.argv[2];
const wasmFile = join(folder, 'proclivity_bg.wasm');
const glueFile = join(folder, 'proclivity.js');
const SHORT_MODULE = 'i';

const text = (string) => vector(Buffer.from(string));

/** The import section with short names; fills `names` with what became what. */
function shorten(body, names, modules) {
  const imports = [];
  eachImport(body, ({ module, name, kind, description }) => {
    if (kind !== 0) throw new Error(`expected only functions among the imports, found kind ${kind} for ${name}`);
    modules.add(module);
    if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`);
    imports.push(Buffer.concat([text(SHORT_MODULE), text(names.get(name)), description]));
  });
  return Buffer.concat([leb(imports.length), ...imports]);
}

const names = new Map();
const modules = new Set();
const parts = sections(readFileSync(wasmFile)).map((part) =>
  part.id === IMPORT ? { ...part, body: shorten(part.body, names, modules) } : part,
);
if (modules.size !== 1) throw new Error(`expected imports from one module, found ${[...modules].join(', ')}`);

let glue = readFileSync(glueFile, 'utf8');
for (const [name, short] of names) {
  const key = new RegExp(`(^\\s+)${name.replaceAll('$', '\\$')}(?=[:(])`, 'gm');
  if ((glue.match(key) ?? []).length !== 1) throw new Error(`expected one binding of ${name}`);
  glue = glue.replace(key, `$1${short}`);
}
const [module] = modules;
if (glue.split(`"${module}": `).length !== 2) throw new Error(`expected one use of the module ${module}`);
glue = glue.replace(`"${module}": `, `"${SHORT_MODULE}": `);

writeFileSync(wasmFile, assemble(parts));
writeFileSync(glueFile, glue);
