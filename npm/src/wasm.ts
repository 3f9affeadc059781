// Fetches and starts the WebAssembly module, once per realm.

import { ProclivityError, toProclivityError } from './errors.js';
import { isNode, nodeFs } from './runtime.js';
import type { WasmGlue } from './boundary.js';
import type { WasmSource } from './engine.js';
import type * as bindings from '../wasm/proclivity.js';

/** The smallest module with a relaxed instruction, `i8x16.relaxed_swizzle`; browsers without them refuse it. */
const RELAXED_PROBE = Uint8Array.from(
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

/** What wasm-bindgen wrote beside the module: its classes, and what starts it. */
export type Bindings = typeof bindings;

let started: Promise<WasmGlue> | undefined;

/**
 * The engine's classes. The first call decides where the module comes from; later ones get the same module.
 * A failed start is forgotten, so that the next call tries anew.
 *
 * @param bindings - Where they come from: a page asks for them while the module is on its way, a worker has them in its script.
 * @throws {@link ProclivityError} `wasm` when the module cannot be fetched or compiled.
 */
export function loadWasm(source: WasmSource, bindings: () => Bindings | Promise<Bindings>): Promise<WasmGlue> {
  started ??= start(source, bindings).catch((thrown: unknown) => {
    started = undefined;
    throw toProclivityError(thrown, 'wasm', 'the WebAssembly module did not start: ');
  });
  return started;
}

async function start(source: WasmSource, bindings: () => Bindings | Promise<Bindings>): Promise<WasmGlue> {
  const given = source ?? ownModule();
  const fetched = typeof given === 'string' || given instanceof URL ? fetchModule(given) : Promise.resolve(given);
  const [input, module] = await Promise.all([fetched, Promise.resolve(bindings())]);
  await module.default({ module_or_path: input });
  return module;
}

/** The fastest build that this runtime takes. */
function ownModule(): URL {
  // Both written out so that Vite, webpack, Rollup and esbuild plug-ins see them and ship the files; one is fetched.
  return WebAssembly.validate(RELAXED_PROBE)
    ? new URL('../wasm/proclivity_relaxed_bg.wasm', import.meta.url)
    : new URL('../wasm/proclivity_bg.wasm', import.meta.url);
}

/** A response for streaming compilation, or in Node the bytes of a file. */
async function fetchModule(location: string | URL): Promise<Response | Uint8Array<ArrayBuffer>> {
  if (isNode() && !/^(https?|data|blob):/i.test(String(location))) {
    const path = typeof location === 'string' && location.startsWith('file:') ? new URL(location) : location;
    return nodeFs().readFile(path);
  }
  const response = await fetch(location);
  // Development servers answer paths they do not know with their index page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
  if (response.ok && !isPage) return response;
  throw new ProclivityError(
    'wasm',
    `expected the WebAssembly module at ${String(location)}, found ${isPage ? 'an HTML page' : `HTTP status ${response.status}`}; ` +
      'serve the .wasm files of this package there or set the option "wasm"; ' +
      'with the development server of Vite 7 or older set optimizeDeps.exclude to ["proclivity"]',
  );
}
