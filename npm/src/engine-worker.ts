// The engine in a worker, behind the same interface as the one in the page.

import { ProclivityError } from './errors.js';
import { WorkerConnection } from './worker-connection.js';
import type { CheckedOptions, CheckedTime, CheckedUser, Earlier, Engine, EngineInfo, EngineLoader, EngineOptions, TimedEvent, TimedPush, TimedRanking, WasmSource } from './engine.js';
import type { BackendName, BestTime, Catalogue, HistoryItem, InteractionEvent, NewItem, ProfileState, SimilarOptions } from './types.js';

/** Starts a worker and hands it the model. */
export class WorkerLoader implements EngineLoader {
  readonly #connection: WorkerConnection;

  /**
   * Starts the worker and, in it, the WebAssembly module.
   *
   * @throws {@link ProclivityError} `unsupported` where there are no web workers (Node), `worker` when it does not start.
   */
  constructor() {
    this.#connection = new WorkerConnection(startWorker());
  }

  start(wasm: WasmSource): Promise<void> {
    return this.#connection.call('start', [absolute(wasm)]);
  }

  begin(expectedBytes: number): Promise<void> {
    return this.#connection.call('begin', [expectedBytes]);
  }

  push(chunk: Uint8Array, owned: boolean): Promise<void> {
    // Moved rather than copied where that is ours to do; a view of part of a buffer would drag the whole along.
    const { buffer } = chunk;
    const movable = owned && buffer instanceof ArrayBuffer && chunk.byteLength === buffer.byteLength;
    return this.#connection.call('push', [chunk], movable ? [buffer] : []);
  }

  async finish(options: EngineOptions): Promise<Engine> {
    await this.#connection.call('finish', [options]);
    return new WorkerEngine(this.#connection);
  }

  cancel(): void {
    this.#connection.end(new ProclivityError('disposed', 'the load was cancelled'));
  }
}

class WorkerEngine implements Engine {
  readonly #connection: WorkerConnection;

  constructor(connection: WorkerConnection) {
    this.#connection = connection;
  }

  info(): EngineInfo {
    if (this.#connection.info === null) throw new ProclivityError('internal', 'the worker sent no report');
    return this.#connection.info;
  }

  observe(event: TimedEvent): Promise<void> {
    return this.#connection.call('observe', [event]);
  }

  retract(event: InteractionEvent): Promise<boolean> {
    return this.#connection.call('retract', [event]);
  }

  events(): Promise<InteractionEvent[]> {
    return this.#connection.call('events', []);
  }

  history(): Promise<HistoryItem[]> {
    return this.#connection.call('history', []);
  }

  pushed(push: TimedPush): Promise<void> {
    return this.#connection.call('pushed', [push]);
  }

  bestTime(options: CheckedTime): Promise<BestTime | null> {
    return this.#connection.call('bestTime', [options]);
  }

  recommend(options: CheckedOptions): Promise<TimedRanking> {
    return this.#connection.call('recommend', [options]);
  }

  recommendBatch(users: CheckedUser[], options: CheckedOptions): Promise<TimedRanking[]> {
    return this.#connection.call('recommendBatch', [users, options]);
  }

  similar(itemId: string, options: SimilarOptions): Promise<TimedRanking> {
    return this.#connection.call('similar', [itemId, options]);
  }

  onboarding(options: SimilarOptions): Promise<TimedRanking> {
    return this.#connection.call('onboarding', [options]);
  }

  catalogue(): Promise<Catalogue> {
    return this.#connection.call('catalogue', []);
  }

  addItems(items: NewItem[]): Promise<void> {
    return this.#connection.call('addItems', [items]);
  }

  applyDelta(delta: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#connection.call('applyDelta', [delta], [delta.buffer]);
  }

  useBackend(name: BackendName): Promise<void> {
    return this.#connection.call('useBackend', [name]);
  }

  tryGpu(budget: number, earlier: Earlier | undefined): Promise<number> {
    return this.#connection.call('tryGpu', [budget, earlier]);
  }

  exportProfile(): Promise<ProfileState> {
    return this.#connection.call('exportProfile', []);
  }

  importProfile(state: ProfileState): Promise<void> {
    return this.#connection.call('importProfile', [state]);
  }

  forget(): Promise<void> {
    return this.#connection.call('forget', []);
  }

  dispose(): void {
    this.#connection.end(new ProclivityError('disposed', 'the recommender was disposed of'));
  }
}

function startWorker(): Worker {
  if (typeof Worker !== 'function') {
    throw new ProclivityError(
      'unsupported',
      'expected web workers, found a runtime without them (Node has none); leave out "worker", or set it only in the browser',
    );
  }
  try {
    // Written out so that bundlers see it and build the worker script.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'proclivity' });
  } catch (thrown) {
    throw new ProclivityError('worker', `the worker could not be started: ${String(thrown)}`, { cause: thrown });
  }
}

/** The wasm option with a relative URL made absolute, since a worker would resolve it against its own script. */
function absolute(wasm: WasmSource): WasmSource {
  if (typeof wasm !== 'string' && !(wasm instanceof URL)) return wasm;
  const base = typeof document === 'object' ? document.baseURI : location.href;
  return new URL(wasm, base).href;
}
