// Fetches and starts the WebAssembly module, once per realm.

import init, * as module from '../wasm/proclivity.js';
import { ProclivityError, toProclivityError } from './errors.js';
import { isNode, nodeFs } from './runtime.js';
import type { WasmGlue } from './boundary.js';
import type { WasmSource } from './engine.js';

let started: Promise<WasmGlue> | undefined;

/**
 * The engine's classes. The first call decides where the module comes from; later ones get the same module.
 * A failed start is forgotten, so that the next call tries anew.
 *
 * @throws {@link ProclivityError} `wasm` when the module cannot be fetched or compiled.
 */
export function loadWasm(source?: WasmSource): Promise<WasmGlue> {
  started ??= start(source).catch((thrown: unknown) => {
    started = undefined;
    throw toProclivityError(thrown, 'wasm', 'the WebAssembly module did not start: ');
  });
  return started;
}

async function start(source: WasmSource): Promise<WasmGlue> {
  // Written out so that Vite, webpack, Rollup and esbuild plug-ins see it and ship the file.
  const given = source ?? new URL('../wasm/proclivity_bg.wasm', import.meta.url);
  const input = typeof given === 'string' || given instanceof URL ? await fetchModule(given) : given;
  await init({ module_or_path: input });
  return module;
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
      'serve wasm/proclivity_bg.wasm of this package there or set the option "wasm"; ' +
      'with the development server of Vite 7 or older set optimizeDeps.exclude to ["proclivity"]',
  );
}
