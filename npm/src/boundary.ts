// The wasm-bindgen module as this package sees it. Everything else in src/ speaks of the engine in these terms, so tests
// can stand in a fake and a change of the boundary shows up as a type error in wasm.ts.

import type { EngineOptions } from './engine.js';
import type { Reason, TracedStage } from './types.js';

/** Collects a model's bytes inside wasm memory as they arrive, so that no second copy is ever held. */
export interface WasmModelBuffer {
  push(chunk: Uint8Array): void;
  readonly length: number;
  free(): void;
}

/** A ranked list as the engine returns it, best first; ids, scores and propensities have one entry an item, `reasons` none where no item has any. */
export interface WasmRanking {
  ids: string[];
  scores: Float32Array;
  /** How likely each was to be in the list, where something was tried at random. */
  propensities?: Float32Array;
  reasons: Reason[][];
  /** The list after each stage, where it was asked for. */
  trace?: TracedStage[];
}

/** The engine with its model and its user's profile. */
export interface WasmEngine {
  observe(event: object): void;
  /** Whether there was such an event. */
  retract(event: object): boolean;
  events(): unknown;
  history(): unknown;
  pushed(push: object): void;
  bestTime(options: object): unknown;
  /**
   * Resolves to a {@link WasmRanking} for each subject, which wasm-bindgen cannot say: `undefined` for the profile at hand,
   * a user vector, the id of an item to compare with, an exported profile, or `null` for what to ask the user about.
   */
  recommend(subjects: (undefined | null | Float32Array | string | object)[], options: object): Promise<object[]>;
  /** Resolves to the {@link WasmEngine} with more items and this one's profile, which is to take its place. */
  withItems(items: object[]): Promise<unknown>;
  /** Likewise with the model that a delta makes of the file that was loaded. Consumes the buffer. */
  withDelta(delta: WasmModelBuffer): Promise<unknown>;
  info(): unknown;
  catalogue(): unknown;
  useBackend(name: string): Promise<void>;
  /** Resolves to the days that the outcome holds, 0 where nothing was measured now; `reason` and `adapter` are that of an earlier trial. */
  tryGpu(budget: number, reason?: string, adapter?: string): Promise<number>;
  endTrial(): void;
  exportProfile(): unknown;
  importProfile(state: object): void;
  forget(): void;
  free(): void;
}

/** The two classes of the module. Both throw an `Error` with a string `code`. */
export interface WasmGlue {
  /** `expectedBytes` is a hint for the first allocation; 0 when not known. */
  ModelBuffer: new (expectedBytes: number) => WasmModelBuffer;
  Engine: {
    /** Consumes the buffer, also when it fails. */
    load(buffer: WasmModelBuffer, options: EngineOptions): Promise<WasmEngine>;
  };
}
