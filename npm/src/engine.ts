// The engine as the public class uses it: the same interface in the page (engine-local.ts) and in a worker
// (engine-worker.ts). Callers never ask which one runs.

import type {
  BackendChoice,
  BackendName,
  BestTime,
  BestTimeOptions,
  Catalogue,
  HistoryItem,
  Info,
  InteractionEvent,
  LoadOptions,
  NewItem,
  ProfileState,
  Push,
  RecommendOptions,
  SimilarOptions,
} from './types.js';
import type { WasmRanking } from './boundary.js';

/** What the engine reports of itself; the caller adds whether it runs in a worker, and where the profile is kept. */
export type EngineInfo = Omit<Info, 'worker' | 'storage'>;

/** What the engine is started with. */
export interface EngineOptions {
  backend: BackendChoice;
  eventWeights?: Record<string, number> | undefined;
  eventHalfLives?: Record<string, number> | undefined;
}

/** An event with its time filled in. */
export type TimedEvent = InteractionEvent & { timestamp: number };

/** A message with its time filled in. */
export type TimedPush = Push & { timestamp: number };

/** What `bestTime` is asked, as the engine takes it. */
export type CheckedTime = Omit<BestTimeOptions, 'within' | 'explore'> & { within: number; now: number; offset: number };

/** Options with a user vector, where there is one, as the engine takes it. */
export type CheckedOptions = Omit<RecommendOptions, 'user'> & { user?: Float32Array<ArrayBuffer> };

/** A user of a batch, as the engine takes it. */
export type CheckedUser = Float32Array<ArrayBuffer> | ProfileState;

/** A ranking and the milliseconds the engine call took. */
export interface TimedRanking extends WasmRanking {
  millis: number;
}

/** How an earlier trial of the GPU ended; `adapter` is the GPU that was faster, `null` where the CPU was. */
export interface Earlier {
  adapter: string | null;
  reason: string;
}

/**
 * A loaded engine. Calls may overlap; {@link SerialQueue} gives them their order. Only `tryGpu` runs beside the queue.
 */
export interface Engine {
  /** The latest report, kept up to date by every call. */
  info(): EngineInfo;
  observe(event: TimedEvent): Promise<void>;
  /** Resolves to whether there was such an event. */
  retract(event: InteractionEvent): Promise<boolean>;
  events(): Promise<InteractionEvent[]>;
  history(): Promise<HistoryItem[]>;
  pushed(push: TimedPush): Promise<void>;
  bestTime(options: CheckedTime): Promise<BestTime | null>;
  recommend(options: CheckedOptions): Promise<TimedRanking>;
  recommendBatch(users: CheckedUser[], options: CheckedOptions): Promise<TimedRanking[]>;
  similar(itemId: string, options: SimilarOptions): Promise<TimedRanking>;
  onboarding(options: SimilarOptions): Promise<TimedRanking>;
  catalogue(): Promise<Catalogue>;
  /** Goes on with a model that has more items. */
  addItems(items: NewItem[]): Promise<void>;
  /** Goes on with the model that a delta makes of the file that was loaded; the delta's memory may be moved away. */
  applyDelta(delta: Uint8Array<ArrayBuffer>): Promise<void>;
  useBackend(name: BackendName): Promise<void>;
  /**
   * Tries the GPU for at most `budget` milliseconds while the CPU answers, or takes over an earlier outcome. Resolves to
   * the days that the outcome can be taken over, 0 where nothing was measured now.
   */
  tryGpu(budget: number, earlier: Earlier | undefined): Promise<number>;
  exportProfile(): Promise<ProfileState>;
  importProfile(state: ProfileState): Promise<void>;
  forget(): Promise<void>;
  /** Frees everything the engine holds. Nothing may be called afterwards. */
  dispose(): void;
}

/** An engine on its way: takes the model chunk by chunk, then becomes an {@link Engine} or is cancelled. */
export interface EngineLoader {
  /** Makes room. `expectedBytes` is a hint, 0 when not known. */
  begin(expectedBytes: number): Promise<void>;
  /** Appends a chunk. With `owned` the chunk's memory may be moved away; otherwise it is only read. */
  push(chunk: Uint8Array, owned: boolean): Promise<void>;
  /** Reads the model, starts the backend, checks the golden queries. */
  finish(options: EngineOptions): Promise<Engine>;
  /** Frees everything, at any point of the load; a `finish` under way never delivers. */
  cancel(): void;
}

/** The WebAssembly module as given in the options, or `undefined` for the one in this package. */
export type WasmSource = LoadOptions['wasm'];
