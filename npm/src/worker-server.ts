// The worker's side: answers requests with an engine of its own.

import { ProclivityError, toProclivityError } from './errors.js';
import { LocalLoader } from './engine-local.js';
import { toWire } from './protocol.js';
import type { WasmGlue } from './boundary.js';
import type { Engine, WasmSource } from './engine.js';
import type { WorkerMethod, WorkerMethods, WorkerReply, WorkerRequest } from './protocol.js';

/** The part of a worker's global scope, or of a message port, that the server uses. */
export interface ServerPort {
  postMessage(reply: WorkerReply): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<WorkerRequest>) => void): void;
}

type Handlers = { [K in keyof WorkerMethods]: (...args: Parameters<WorkerMethods[K]>) => Promise<ReturnType<WorkerMethods[K]>> };

/** Calls that have to do with the profile alone: the report of what runs may wait for the next list. */
const OF_THE_PROFILE: ReadonlySet<WorkerMethod> = new Set([
  'observe', 'retract', 'events', 'history', 'pushed', 'bestTime', 'exportProfile', 'importProfile', 'forget',
]);

/** Serves one engine on the port, for as long as the port lives. */
export function serve(port: ServerPort, loadWasm: (source: WasmSource) => Promise<WasmGlue>): void {
  let loader: LocalLoader | null = null;
  let engine: Engine | null = null;

  const handlers: Handlers = {
    start: async (wasm) => {
      loader = new LocalLoader(await loadWasm(wasm));
    },
    begin: (expectedBytes) => present(loader).begin(expectedBytes),
    push: (chunk) => present(loader).push(chunk),
    finish: async (options) => {
      engine = await present(loader).finish(options);
      loader = null;
    },
    observe: (event) => present(engine).observe(event),
    retract: (event) => present(engine).retract(event),
    events: () => present(engine).events(),
    history: () => present(engine).history(),
    pushed: (push) => present(engine).pushed(push),
    bestTime: (options) => present(engine).bestTime(options),
    recommend: (options) => present(engine).recommend(options),
    recommendBatch: (users, options) => present(engine).recommendBatch(users, options),
    similar: (itemId, options) => present(engine).similar(itemId, options),
    onboarding: (options) => present(engine).onboarding(options),
    catalogue: () => present(engine).catalogue(),
    addItems: (items) => present(engine).addItems(items),
    applyDelta: (delta) => present(engine).applyDelta(delta),
    useBackend: (name) => present(engine).useBackend(name),
    tryGpu: (budget, earlier) => present(engine).tryGpu(budget, earlier),
    exportProfile: () => present(engine).exportProfile(),
    importProfile: (state) => present(engine).importProfile(state),
    forget: () => present(engine).forget(),
  };

  async function answer({ id, method, args }: WorkerRequest): Promise<WorkerReply> {
    try {
      const handler = handlers[method] as (...args: unknown[]) => Promise<unknown>;
      const value = await handler(...args);
      return { id, ok: true, value, ...(!OF_THE_PROFILE.has(method) && { info: engine?.info() }) };
    } catch (thrown) {
      return { id, ok: false, error: toWire(toProclivityError(thrown)) };
    }
  }

  port.addEventListener('message', ({ data }) => {
    void answer(data).then((reply) => {
      port.postMessage(reply);
    });
  });
}

function present<T>(part: T | null): T {
  if (part === null) throw new ProclivityError('internal', 'the worker was called out of turn');
  return part;
}
