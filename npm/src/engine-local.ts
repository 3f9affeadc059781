// The engine in this realm: wraps the WebAssembly classes, turns what they throw into ProclivityError, times the calls.

import { ProclivityError, toProclivityError } from './errors.js';
import type { WasmEngine, WasmGlue, WasmModelBuffer, WasmRanking } from './boundary.js';
import type { CheckedOptions, Engine, EngineInfo, EngineLoader, TimedEvent, TimedRanking } from './engine.js';
import type { BackendChoice, Catalogue, ProfileState, SimilarOptions } from './types.js';

/** Collects the model in wasm memory and starts the engine on it. */
export class LocalLoader implements EngineLoader {
  readonly #glue: WasmGlue;
  #buffer: WasmModelBuffer | null = null;
  #cancelled = false;

  constructor(glue: WasmGlue) {
    this.#glue = glue;
  }

  begin(expectedBytes: number): Promise<void> {
    return guard(() => {
      this.#buffer = new this.#glue.ModelBuffer(expectedBytes);
    });
  }

  push(chunk: Uint8Array): Promise<void> {
    return guard(() => this.#buffer?.push(chunk));
  }

  finish(backend: BackendChoice): Promise<Engine> {
    return guard(async () => {
      const buffer = this.#buffer;
      if (buffer === null) throw new ProclivityError('internal', 'finish came before begin');
      this.#buffer = null; // consumed, whatever comes of it
      const engine = await this.#glue.Engine.load(buffer, { backend });
      if (this.#cancelled) {
        engine.free();
        throw new ProclivityError('disposed', 'the load was cancelled');
      }
      return new LocalEngine(engine);
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#buffer?.free();
    this.#buffer = null;
  }
}

class LocalEngine implements Engine {
  readonly #wasm: WasmEngine;
  #info: EngineInfo;
  /** The asynchronous engine call under way: until it settles the object is borrowed and may not be touched. */
  #running: Promise<unknown> | null = null;

  constructor(wasm: WasmEngine) {
    this.#wasm = wasm;
    this.#info = wasm.info() as EngineInfo;
  }

  info(): EngineInfo {
    if (this.#running === null) this.#info = this.#wasm.info() as EngineInfo;
    return this.#info;
  }

  observe(event: TimedEvent): Promise<void> {
    return guard(() => {
      this.#wasm.observe(event);
    });
  }

  recommend({ user, ...options }: CheckedOptions): Promise<TimedRanking> {
    return this.#timed(() => this.#wasm.recommend(options, user));
  }

  similar(itemId: string, options: SimilarOptions): Promise<TimedRanking> {
    return this.#timed(() => this.#wasm.similar(itemId, options));
  }

  catalogue(): Promise<Catalogue> {
    return guard(() => this.#wasm.catalogue() as Catalogue);
  }

  useBackend(name: BackendChoice): Promise<void> {
    return this.#borrowed(() => this.#wasm.useBackend(name));
  }

  exportProfile(): Promise<ProfileState> {
    return guard(() => this.#wasm.exportProfile() as ProfileState);
  }

  importProfile(state: ProfileState): Promise<void> {
    return guard(() => {
      this.#wasm.importProfile(state);
    });
  }

  forget(): Promise<void> {
    return guard(() => {
      this.#wasm.forget();
    });
  }

  dispose(): void {
    const free = (): void => {
      this.#wasm.free();
    };
    if (this.#running === null) free();
    else void this.#running.then(free, free);
  }

  #timed(call: () => Promise<object>): Promise<TimedRanking> {
    return this.#borrowed(async () => {
      const start = performance.now();
      const { ids, scores, reasons } = (await call()) as WasmRanking;
      return { ids, scores, reasons, millis: performance.now() - start };
    });
  }

  async #borrowed<T>(call: () => Promise<T>): Promise<T> {
    const running = guard(call);
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = null;
    }
  }
}

/** Runs an engine call; whatever it throws, at once or later, becomes a rejection with a {@link ProclivityError}. */
async function guard<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw toProclivityError(thrown);
  }
}
