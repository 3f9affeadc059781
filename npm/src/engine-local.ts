// The engine in this realm: wraps the WebAssembly classes, turns what they throw into ProclivityError, times the calls.

import { ProclivityError, toProclivityError } from './errors.js';
import type { WasmEngine, WasmGlue, WasmModelBuffer, WasmRanking } from './boundary.js';
import type { CheckedOptions, CheckedTime, CheckedUser, Earlier, Engine, EngineInfo, EngineLoader, EngineOptions, TimedEvent, TimedPush, TimedRanking } from './engine.js';
import type { BackendName, BestTime, Catalogue, HistoryItem, InteractionEvent, NewItem, ProfileState, SimilarOptions } from './types.js';

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

  finish(options: EngineOptions): Promise<Engine> {
    return guard(async () => {
      const buffer = this.#buffer;
      if (buffer === null) throw new ProclivityError('internal', 'finish came before begin');
      this.#buffer = null; // consumed, whatever comes of it
      const engine = await this.#glue.Engine.load(buffer, options);
      if (this.#cancelled) {
        engine.free();
        throw new ProclivityError('disposed', 'the load was cancelled');
      }
      return new LocalEngine(this.#glue, engine);
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#buffer?.free();
    this.#buffer = null;
  }
}

class LocalEngine implements Engine {
  readonly #glue: WasmGlue;
  #wasm: WasmEngine;
  /** Engines that others have taken the place of, while calls are under way. */
  #retired: WasmEngine[] = [];
  /** Asynchronous engine calls under way: until they settle the object is borrowed and may not be freed. */
  #running = 0;
  #disposed = false;

  constructor(glue: WasmGlue, wasm: WasmEngine) {
    this.#glue = glue;
    this.#wasm = wasm;
  }

  info(): EngineInfo {
    return this.#wasm.info() as EngineInfo;
  }

  observe(event: TimedEvent): Promise<void> {
    return guard(() => {
      this.#wasm.observe(event);
    });
  }

  retract(event: InteractionEvent): Promise<boolean> {
    return guard(() => this.#wasm.retract(event));
  }

  events(): Promise<InteractionEvent[]> {
    return guard(() => this.#wasm.events() as InteractionEvent[]);
  }

  history(): Promise<HistoryItem[]> {
    return guard(() => this.#wasm.history() as HistoryItem[]);
  }

  pushed(push: TimedPush): Promise<void> {
    return guard(() => {
      this.#wasm.pushed(push);
    });
  }

  bestTime(options: CheckedTime): Promise<BestTime | null> {
    return guard(() => this.#wasm.bestTime(options) as BestTime | null);
  }

  recommend({ user, ...options }: CheckedOptions): Promise<TimedRanking> {
    return this.#one(user, options);
  }

  recommendBatch(users: CheckedUser[], options: CheckedOptions): Promise<TimedRanking[]> {
    return this.#timed(users, options);
  }

  similar(itemId: string, options: SimilarOptions): Promise<TimedRanking> {
    return this.#one(itemId, options);
  }

  onboarding(options: SimilarOptions): Promise<TimedRanking> {
    return this.#one(null, options);
  }

  catalogue(): Promise<Catalogue> {
    return guard(() => this.#wasm.catalogue() as Catalogue);
  }

  addItems(items: NewItem[]): Promise<void> {
    return this.#goOnWith(() => this.#wasm.withItems(items));
  }

  applyDelta(delta: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#goOnWith(() => {
      const buffer = new this.#glue.ModelBuffer(delta.byteLength);
      buffer.push(delta);
      return this.#wasm.withDelta(buffer);
    });
  }

  useBackend(name: BackendName): Promise<void> {
    return this.#borrowed(() => this.#wasm.useBackend(name));
  }

  tryGpu(budget: number, earlier: Earlier | undefined): Promise<number> {
    return this.#borrowed(() => this.#wasm.tryGpu(budget, earlier?.reason, earlier?.adapter ?? undefined));
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
    this.#disposed = true;
    this.#wasm.endTrial();
    this.#freeWhenIdle();
  }

  async #one(subject: CheckedUser | string | null | undefined, options: object): Promise<TimedRanking> {
    const [ranking] = await this.#timed([subject], options);
    if (ranking === undefined) throw new ProclivityError('internal', 'the engine gave no list');
    return ranking;
  }

  #timed(subjects: (CheckedUser | string | null | undefined)[], options: object): Promise<TimedRanking[]> {
    return this.#borrowed(async () => {
      const start = performance.now();
      const rankings = (await this.#wasm.recommend(subjects, options)) as WasmRanking[];
      const millis = (performance.now() - start) / subjects.length;
      return rankings.map((ranking) => ({ ...ranking, millis }));
    });
  }

  /** Takes another engine in place of this one, once it is there; nothing changes where it is not. */
  async #goOnWith(make: () => Promise<unknown>): Promise<void> {
    const next = (await this.#borrowed(make)) as WasmEngine;
    if (this.#disposed) {
      next.free();
      throw new ProclivityError('disposed', 'the recommender was disposed of');
    }
    this.#wasm.endTrial();
    this.#retired.push(this.#wasm);
    this.#wasm = next;
    this.#freeWhenIdle();
  }

  async #borrowed<T>(call: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await guard(call);
    } finally {
      this.#running -= 1;
      this.#freeWhenIdle();
    }
  }

  #freeWhenIdle(): void {
    if (this.#running > 0) return;
    this.#retired.splice(0).forEach((engine) => { engine.free(); });
    if (this.#disposed) this.#wasm.free();
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
