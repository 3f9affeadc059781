// Brings up an engine that waits for its model: in this realm, or in a worker.

import { abortable } from './abort.js';
import { WorkerLoader } from './engine-worker.js';
import { toProclivityError } from './errors.js';
import { loadWasm } from './wasm.js';
import type { EngineLoader, WasmSource } from './engine.js';

/**
 * The engine in this realm. Its code is in chunks of its own, so that a page that uses the worker does not load them; they and
 * the module are on their way at the same time.
 */
export async function startLocalLoader(wasm: WasmSource): Promise<EngineLoader> {
  const starting = loadWasm(wasm, () => import('../wasm/proclivity.js'));
  const code = import('./engine-local.js').catch((thrown: unknown) => {
    // Such as chunks of a release that is no longer there.
    throw toProclivityError(thrown, 'wasm', "the engine's code could not be loaded; load the page anew: ");
  });
  const [{ LocalLoader }, glue] = await Promise.all([code, starting]);
  return new LocalLoader(glue);
}

/** The engine in a worker of its own. */
export async function startWorkerLoader(wasm: WasmSource, signal: AbortSignal | undefined): Promise<EngineLoader> {
  const loader = new WorkerLoader();
  try {
    await abortable(loader.start(wasm), signal);
    return loader;
  } catch (thrown) {
    loader.cancel();
    throw thrown;
  }
}
