// Gives the engine's imports short names, in the module and in its bindings alike: `node shorten-imports.mjs DIR`.
// wasm-bindgen names each import after its function and a hash; over two hundred of them are 5 % of the download.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const wasmFile = join(folder, 'proclivity_bg.wasm');
const glueFile = join(folder, 'proclivity.js');
const IMPORT_SECTION = 2;
const SHORT_MODULE = 'i';

/** Reads an unsigned LEB128 number; gives the value and the place after it. */
function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function toLeb(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}

const text = (string) => Buffer.concat([toLeb(Buffer.byteLength(string)), Buffer.from(string)]);

/** The import section with short names; fills `names` with what became what. Imports are functions, tables or memories. */
function shorten(section, names, modules) {
  let [count, at] = leb(section, 0);
  const parts = [toLeb(count)];
  for (; count > 0; count--) {
    const strings = [];
    for (let n = 0; n < 2; n++) {
      const [length, start] = leb(section, at);
      strings.push(section.subarray(start, start + length).toString());
      at = start + length;
    }
    const [module, name] = strings;
    if (section[at] !== 0) throw new Error(`expected only functions among the imports, found kind ${section[at]} for ${name}`);
    const [, end] = leb(section, at + 1);
    modules.add(module);
    if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`);
    parts.push(text(SHORT_MODULE), text(names.get(name)), section.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

const wasm = readFileSync(wasmFile);
const names = new Map();
const modules = new Set();
const sections = [wasm.subarray(0, 8)];
for (let at = 8; at < wasm.length;) {
  const [length, start] = leb(wasm, at + 1);
  const body = wasm.subarray(start, start + length);
  const written = wasm[at] === IMPORT_SECTION ? shorten(body, names, modules) : body;
  sections.push(wasm.subarray(at, at + 1), toLeb(written.length), written);
  at = start + length;
}
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

writeFileSync(wasmFile, Buffer.concat(sections));
writeFileSync(glueFile, glue);
