// A stand-in for the WebAssembly module: small, deterministic, and strict where wasm-bindgen is (consumed or freed objects
// and calls during a borrow throw), so that the package's care for these is tested.

import type { WasmEngine, WasmGlue, WasmModelBuffer, WasmRanking } from '../src/boundary.js';

export const FAKE_ITEMS = Array.from({ length: 20 }, (_, index) => `item-${index}`);

/** What the fakes have done, for tests to look at. */
export interface FakeLog {
  expectedBytes: number[];
  received: Uint8Array;
  buffersAlive: number;
  enginesAlive: number;
  events: { type: string; itemId: string; timestamp: number; value?: number }[];
  requests: unknown[];
}

export interface FakeOptions {
  /** Holds every asynchronous engine call until this resolves. */
  gate?: Promise<void>;
}

function fail(code: string, message: string): never {
  throw Object.assign(new Error(message), { code });
}

/** A fresh module and the log of what happens in it. A model is accepted unless its first byte is 0. */
export function fakeGlue(options: FakeOptions = {}): { glue: WasmGlue; log: FakeLog } {
  const log: FakeLog = { expectedBytes: [], received: new Uint8Array(), buffersAlive: 0, enginesAlive: 0, events: [], requests: [] };

  class ModelBuffer implements WasmModelBuffer {
    #bytes: number[] | null = [];

    constructor(expectedBytes: number) {
      log.expectedBytes.push(expectedBytes);
      log.buffersAlive += 1;
    }

    get length(): number {
      return this.#live().length;
    }

    push(chunk: Uint8Array): void {
      this.#live().push(...chunk);
      log.received = Uint8Array.from(this.#live());
    }

    free(): void {
      this.#live();
      this.#bytes = null;
      log.buffersAlive -= 1;
    }

    #live(): number[] {
      return this.#bytes ?? fail('bug', 'null pointer passed to rust');
    }
  }

  class FakeEngine implements WasmEngine {
    #backend: string;
    #history: string[] = [];
    #borrowed = false;
    #freed = false;

    private constructor(backend: string) {
      this.#backend = backend === 'auto' ? 'cpu' : backend;
      log.enginesAlive += 1;
    }

    static async load(buffer: WasmModelBuffer, { backend }: { backend: string }): Promise<WasmEngine> {
      const bytes = buffer.length;
      buffer.free();
      await options.gate;
      if (bytes === 0) fail('model_truncated', 'expected a model, found 0 bytes; download it again');
      if (log.received[0] === 0) fail('model_hash', 'tensor item.embedding: expected hash 1, found 2; download it again');
      if (backend === 'webgpu') fail('no_adapter', 'expected a WebGPU adapter, found none; use backend "auto"');
      return new FakeEngine(backend);
    }

    observe(event: FakeLog['events'][number]): void {
      this.#free();
      if (!FAKE_ITEMS.includes(event.itemId)) fail('unknown_item', `expected a known item, found "${event.itemId}"; check the id`);
      log.events.push(event);
      this.#history.push(event.itemId);
    }

    recommend(request: { count: number; explain?: boolean }): Promise<WasmRanking> {
      return this.#rank(request, (id) => !this.#history.includes(id));
    }

    similar(itemId: string, request: { count: number }): Promise<WasmRanking> {
      return this.#rank(request, (id) => id !== itemId);
    }

    info(): unknown {
      this.#free();
      return { backend: this.#backend, adapter: null, kernels: 'scalar', reason: 'fake', family: 'als', items: FAKE_ITEMS.length };
    }

    catalogue(): unknown {
      this.#free();
      return { ids: FAKE_ITEMS, columns: { price: { type: 'number', values: new Float32Array(FAKE_ITEMS.length) } } };
    }

    async useBackend(name: string): Promise<void> {
      if (name === 'webgpu') fail('no_adapter', 'expected a WebGPU adapter, found none; use backend "auto"');
      await this.#during(() => (this.#backend = name));
    }

    exportProfile(): unknown {
      this.#free();
      return { version: 1, history: [...this.#history] };
    }

    importProfile(state: { history: string[] }): void {
      this.#free();
      this.#history = [...state.history];
    }

    forget(): void {
      this.#free();
      this.#history = [];
    }

    free(): void {
      this.#free();
      this.#freed = true;
      log.enginesAlive -= 1;
    }

    #rank(request: { count: number; explain?: boolean }, keep: (id: string) => boolean): Promise<WasmRanking> {
      log.requests.push(request);
      return this.#during(() => {
        const ids = FAKE_ITEMS.filter(keep).slice(0, request.count);
        const reasons = ids.map(() => (request.explain === true ? [{ type: 'popular' as const }] : []));
        return { ids, scores: Float32Array.from(ids, (_, rank) => 1 / (rank + 1)), reasons };
      });
    }

    async #during<T>(work: () => T): Promise<T> {
      this.#free();
      this.#borrowed = true;
      await (options.gate ?? new Promise((resolve) => setTimeout(resolve, 1)));
      this.#borrowed = false;
      return work();
    }

    #free(): void {
      if (this.#freed) fail('bug', 'null pointer passed to rust');
      if (this.#borrowed) fail('bug', 'recursive use of an object detected which would lead to unsafe aliasing in rust');
    }
  }

  return { glue: { ModelBuffer, Engine: FakeEngine }, log };
}
