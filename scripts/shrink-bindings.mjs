// Makes the JavaScript bindings of wasm-bindgen smaller, and the module with them: `node shrink-bindings.mjs DIR`.
//
// wasm-bindgen names each import and export after its function and a hash: hundreds of them, 5 % of the download. They get
// short names here, and what no browser with WebAssembly SIMD needs, or this engine never calls, is taken out.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EXPORT, IMPORT, assemble, eachExport, eachImport, leb, sections, vector } from './wasm-binary.mjs';

const folder = process.argv[2];
const wasmFile = join(folder, 'proclivity_bg.wasm');
const glueFile = join(folder, 'proclivity.js');
const typesFile = join(folder, 'proclivity.d.ts');
const SHORT_MODULE = 'i';

/** Instead of wasm-bindgen's two ways to start: one, which takes a response, bytes or a compiled module. */
const START = `\
export default async function init({ module_or_path: source }) {
    if (source instanceof Response && source.headers.get('content-type') !== 'application/wasm') {
        console.warn('the server does not send WebAssembly as application/wasm; the start is slower for it');
        source = await source.arrayBuffer();
    }
    const streamed = source instanceof Response;
    const started = await WebAssembly[streamed ? 'instantiateStreaming' : 'instantiate'](source, __wbg_get_imports());
    wasm = (started.instance ?? started).exports;
    wasm.__wbindgen_start();
}
`;
const START_TYPES = `
export default function init(source: { module_or_path: Response | BufferSource | WebAssembly.Module }): Promise<void>;
`;

/** Texts that go in are short: encoded at once, rather than letter by letter while they are ASCII. */
const PASS_STRING = `\
function passStringToWasm0(arg, malloc) {
    const bytes = cachedTextEncoder.encode(arg);
    const ptr = malloc(WASM_VECTOR_LEN = bytes.length, 1) >>> 0;
    getUint8ArrayMemory0().set(bytes, ptr);
    return ptr;
}
`;

/** What is taken out of the bindings, and what stands there instead; each is there at least once. */
const CUTS = [
  [/^let wasmModule, wasmInstance, wasm;[^]*/m, `let wasm;\n${START}`],
  [/^if \(Symbol\.dispose\) .*\n/gm, ''],
  [/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?^\}\n/m, ''],
  [/\(typeof FinalizationRegistry === 'undefined'\)\s*\? \{.*\}\s*: /g, ''],
  [/^function passStringToWasm0\([^]*?^\}\n/m, PASS_STRING],
  [/, wasm\.__wbindgen_realloc\)/g, ')'],
  // Only of what a promise was rejected with: an exception, whose text says what its name and message are.
  [/^function debugString\([^]*?^\}\n/m, 'const debugString = String;\n'],
  // wgpu opens a canvas to see which formats it takes. Nothing here draws; what would follow is a trap (link-wasm.mjs).
  [/const ret = new OffscreenCanvas\(.*\);\s*return ret;/, 'throw undefined;'],
];

const text = (string) => vector(Buffer.from(string));
const short = (names) => `_${names.size.toString(36)}`;

/** The import section with short names; fills `names` with what became what. */
function shortenImports(body, names, modules) {
  const imports = [];
  eachImport(body, ({ module, name, kind, description }) => {
    if (kind !== 0) throw new Error(`expected only functions among the imports, found kind ${kind} for ${name}`);
    modules.add(module);
    if (!names.has(name)) names.set(name, short(names));
    imports.push(Buffer.concat([text(SHORT_MODULE), text(names.get(name)), description]));
  });
  return Buffer.concat([leb(imports.length), ...imports]);
}

/** The export section with short names; fills `names` with what became what. */
function shortenExports(body, names) {
  const exports = [];
  eachExport(body, ({ name, kind, index }) => {
    names.set(name, short(names));
    exports.push(Buffer.concat([text(names.get(name)), Buffer.from([kind]), leb(index)]));
  });
  return Buffer.concat([leb(exports.length), ...exports]);
}

const [imports, exports, modules] = [new Map(), new Map(), new Set()];
const parts = sections(readFileSync(wasmFile)).map((part) => {
  if (part.id === IMPORT) return { ...part, body: shortenImports(part.body, imports, modules) };
  if (part.id === EXPORT) return { ...part, body: shortenExports(part.body, exports) };
  return part;
});
if (modules.size !== 1) throw new Error(`expected imports from one module, found ${[...modules].join(', ')}`);

let glue = readFileSync(glueFile, 'utf8');
for (const [pattern, instead] of CUTS) {
  if (glue.search(pattern) < 0) throw new Error(`expected ${pattern} in the bindings, found none; update this script`);
  glue = glue.replace(pattern, () => instead);
}
// An import stands in its line, up to the line that closes it; the optimiser may have dropped what it is for.
const found = new Set();
glue = glue.replace(/^( {8})([\w$]+)(?=: function\()[^]*?^ {8}\}(?:, arguments\); \})?,\n/gm, (entry, indent, name) => {
  found.add(name);
  return imports.has(name) ? indent + imports.get(name) + entry.slice(indent.length + name.length) : '';
});
const missing = [...imports.keys()].filter((name) => !found.has(name));
if (missing.length > 0) throw new Error(`expected a binding of each import, found none of ${missing.join(', ')}`);
glue = glue.replace(/\bwasm\.([\w$]+)/g, (_, name) => {
  if (!exports.has(name)) throw new Error(`expected the module to export ${name}`);
  return `wasm.${exports.get(name)}`;
});
const [module] = modules;
if (glue.split(`"${module}": `).length !== 2) throw new Error(`expected one use of the module ${module}`);
glue = glue.replace(`"${module}": `, `"${SHORT_MODULE}": `);

const types = readFileSync(typesFile, 'utf8');
const start = types.indexOf('\nexport type InitInput');
if (start < 0) throw new Error('expected the types of the start in the bindings, found none; update this script');

writeFileSync(wasmFile, assemble(parts));
writeFileSync(glueFile, glue);
writeFileSync(typesFile, types.slice(0, start) + START_TYPES);
