// What the page and the worker say to each other.

import { ProclivityError } from './errors.js';
import type { CheckedOptions, CheckedTime, CheckedUser, Earlier, EngineInfo, EngineOptions, TimedEvent, TimedPush, TimedRanking, WasmSource } from './engine.js';
import type { BackendName, BestTime, Catalogue, HistoryItem, InteractionEvent, NewItem, ProfileState, SimilarOptions } from './types.js';

/** The calls a worker answers: its loading in this order, then the engine's own. */
export interface WorkerMethods {
  start(wasm: WasmSource): void;
  begin(expectedBytes: number): void;
  push(chunk: Uint8Array): void;
  finish(options: EngineOptions): void;
  observe(event: TimedEvent): void;
  retract(event: InteractionEvent): boolean;
  events(): InteractionEvent[];
  history(): HistoryItem[];
  pushed(push: TimedPush): void;
  bestTime(options: CheckedTime): BestTime | null;
  recommend(options: CheckedOptions): TimedRanking;
  recommendBatch(users: CheckedUser[], options: CheckedOptions): TimedRanking[];
  similar(itemId: string, options: SimilarOptions): TimedRanking;
  onboarding(options: SimilarOptions): TimedRanking;
  catalogue(): Catalogue;
  addItems(items: NewItem[]): void;
  applyDelta(delta: Uint8Array<ArrayBuffer>): void;
  useBackend(name: BackendName): void;
  tryGpu(budget: number, earlier: Earlier | undefined): number;
  exportProfile(): ProfileState;
  importProfile(state: ProfileState): void;
  forget(): void;
}

export type WorkerMethod = keyof WorkerMethods;

/** Page to worker. */
export interface WorkerRequest {
  id: number;
  method: WorkerMethod;
  args: unknown[];
}

/** Worker to page: one answer a request. `info` comes along but where the profile alone was asked. */
export type WorkerReply =
  | { id: number; ok: true; value: unknown; info?: EngineInfo | undefined }
  | { id: number; ok: false; error: WireError };

/** An error as it survives structured cloning, which drops an Error's own fields. */
export interface WireError {
  code: string;
  message: string;
}

export function toWire(error: ProclivityError): WireError {
  return { code: error.code, message: error.message };
}

export function fromWire(error: WireError): ProclivityError {
  return new ProclivityError(error.code, error.message);
}
