// A stand-in for the WebAssembly module: small, deterministic, and strict where wasm-bindgen is (consumed or freed objects
// throw, and so does freeing during a call), so that the package's care for these is tested.

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
  trials: unknown[][];
}

export interface FakeOptions {
  /** Holds every asynchronous engine call until this resolves. */
  gate?: Promise<void>;
  /** Holds a trial of the GPU until this resolves. */
  trial?: Promise<void>;
  /** The adapter that a trial finds, and that wins it. */
  adapter?: string;
  /** For how many days the outcome of a trial holds. Default 30. */
  holds?: number;
}

function fail(code: string, message: string): never {
  throw Object.assign(new Error(message), { code });
}

/** A fresh module and the log of what happens in it. A model is accepted unless its first byte is 0. */
export function fakeGlue(options: FakeOptions = {}): { glue: WasmGlue; log: FakeLog } {
  const log: FakeLog = { expectedBytes: [], received: new Uint8Array(), buffersAlive: 0, enginesAlive: 0, events: [], requests: [], trials: [] };

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
    #borrows = 0;
    #reason = 'fake';
    #choice = 0;
    #freed = false;

    #items = FAKE_ITEMS;

    private constructor(backend: string) {
      this.#backend = backend === 'auto' ? 'cpu' : backend;
      log.enginesAlive += 1;
    }

    async withItems(items: { id: string }[]): Promise<unknown> {
      const known = items.find(({ id }) => this.#items.includes(id));
      if (known !== undefined) fail('argument', `argument \`items[0]\`: expected an id that is not there yet, found ${known.id}`);
      return this.#followedBy([...this.#items, ...items.map(({ id }) => id)]);
    }

    /** A delta holds how many of the first items stay. */
    async withDelta(delta: WasmModelBuffer): Promise<unknown> {
      const kept = log.received[0] ?? 0;
      delta.free();
      if (kept === 0) fail('delta', 'delta: expected a delta for the model that is loaded, found one for another model');
      return this.#followedBy(FAKE_ITEMS.slice(0, kept));
    }

    async #followedBy(items: string[]): Promise<FakeEngine> {
      return this.#during(() => {
        const next = new FakeEngine(this.#backend);
        next.#items = items;
        next.#history = [...this.#history];
        return next;
      });
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
      if (!this.#items.includes(event.itemId)) fail('unknown_item', `expected a known item, found "${event.itemId}"; check the id`);
      log.events.push(event);
      this.#history.push(event.itemId);
    }

    retract(event: { itemId: string }): boolean {
      this.#free();
      const at = this.#history.lastIndexOf(event.itemId);
      if (at >= 0) this.#history.splice(at, 1);
      return at >= 0;
    }

    events(): unknown {
      this.#free();
      return this.#history.map((itemId) => ({ type: 'view', itemId, timestamp: 0 }));
    }

    history(): unknown {
      this.#free();
      return this.#history.map((itemId) => ({ itemId, strength: 1, seen: true, strongest: 'view' }));
    }

    pushed(push: object): void {
      this.#free();
      log.requests.push(push);
    }

    bestTime(request: { now: number }): unknown {
      this.#free();
      log.requests.push(request);
      return { at: request.now, until: request.now + 1, probability: 0.5, usual: 0.25, confidence: 0 };
    }

    recommend(subjects: (undefined | Float32Array | string | object)[], request: { count: number; explain?: boolean }): Promise<WasmRanking[]> {
      return Promise.all(subjects.map((subject) => {
        if (subject === undefined) return this.#rank(request, (id) => !this.#history.includes(id));
        if (typeof subject === 'string') return this.#rank(request, (id) => id !== subject);
        const history = subject instanceof Float32Array ? [] : (subject as { history: string[] }).history;
        return this.#rank(request, (id) => !history.includes(id));
      }));
    }

    info(): unknown {
      this.#free();
      const adapter = this.#backend === 'webgpu' ? options.adapter : null;
      return { backend: this.#backend, adapter, kernels: 'scalar', reason: this.#reason, family: 'als', items: this.#items.length, model: 'fake-model', version: '1' };
    }

    catalogue(): unknown {
      this.#free();
      return { ids: this.#items, columns: { price: { type: 'number', values: new Float32Array(FAKE_ITEMS.length) } } };
    }

    async useBackend(name: string): Promise<void> {
      if (name === 'webgpu') fail('no_adapter', 'expected a WebGPU adapter, found none; use backend "auto"');
      this.#choice += 1;
      await this.#during(() => { this.#choose(name, 'asked for'); });
    }

    async tryGpu(budget: number, reason?: string, adapter?: string): Promise<number> {
      log.trials.push([budget, reason, adapter]);
      const choice = (this.#choice += 1);
      if (reason !== undefined && adapter === undefined) {
        this.#choose('cpu', reason);
        return 0;
      }
      this.#reason = 'being tried';
      return this.#during(() => {
        if (choice !== this.#choice) return 0;
        const known = adapter !== undefined && adapter === options.adapter;
        this.#choose(options.adapter === undefined ? 'cpu' : 'webgpu', known ? reason! : 'measured');
        return known ? 0 : (options.holds ?? 30);
      }, options.trial);
    }

    endTrial(): void {
      this.#free();
      this.#choice += 1;
    }

    exportProfile(): unknown {
      this.#free();
      return { version: 1, history: [...this.#history] };
    }

    importProfile(state: { history: string[] }): void {
      this.#free();
      if (!Array.isArray(state.history)) fail('argument', 'argument `state`: expected a history, found none');
      this.#history = [...state.history];
    }

    forget(): void {
      this.#free();
      this.#history = [];
    }

    free(): void {
      this.#free();
      if (this.#borrows > 0) fail('bug', 'attempted to take ownership of Rust value while it was borrowed');
      this.#freed = true;
      log.enginesAlive -= 1;
    }

    #choose(backend: string, reason: string): void {
      this.#backend = backend;
      this.#reason = reason;
    }

    #rank(request: { count: number; explain?: boolean }, keep: (id: string) => boolean): Promise<WasmRanking> {
      log.requests.push(request);
      return this.#during(() => {
        const ids = this.#items.filter(keep).slice(0, request.count);
        const reasons = ids.map(() => (request.explain === true ? [{ type: 'popular' as const }] : []));
        return { ids, scores: Float32Array.from(ids, (_, rank) => 1 / (rank + 1)), reasons };
      });
    }

    async #during<T>(work: () => T, gate = options.gate): Promise<T> {
      this.#free();
      this.#borrows += 1;
      try {
        await (gate ?? new Promise((resolve) => setTimeout(resolve, 1)));
        return work();
      } finally {
        this.#borrows -= 1;
      }
    }

    #free(): void {
      if (this.#freed) fail('bug', 'null pointer passed to rust');
    }
  }

  return { glue: { ModelBuffer, Engine: FakeEngine }, log };
}
