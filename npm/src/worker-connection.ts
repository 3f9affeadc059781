// The page's side of the worker: one promise a request, and an end to all of them when the worker dies.

import { ProclivityError } from './errors.js';
import { fromWire } from './protocol.js';
import type { EngineInfo } from './engine.js';
import type { WorkerMethod, WorkerMethods, WorkerReply, WorkerRequest } from './protocol.js';

const NOT_STARTED =
  'the worker script could not be loaded; check that worker.js of this package is served beside its code, that the ' +
  "page's Content-Security-Policy allows it (worker-src), and, with the development server of Vite 7 or older, that " +
  'optimizeDeps.exclude names "proclivity"';

interface Pending {
  resolve: (value: never) => void;
  reject: (error: ProclivityError) => void;
}

/** Calls into one worker. */
export class WorkerConnection {
  /** The engine's latest report of itself; set from the moment `finish` has been answered. */
  info: EngineInfo | null = null;

  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #ended: ProclivityError | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<WorkerReply>) => {
      this.#settle(event.data);
    });
    worker.addEventListener('error', (event: ErrorEvent) => {
      event.preventDefault();
      this.end(new ProclivityError('worker', event.message ? `the worker died: ${event.message}` : NOT_STARTED));
    });
    worker.addEventListener('messageerror', () => {
      this.end(new ProclivityError('worker', 'a message from the worker could not be read'));
    });
  }

  /** Calls a method; what is in `transfer` moves to the worker and is gone here. */
  call<K extends WorkerMethod>(
    method: K,
    args: Parameters<WorkerMethods[K]>,
    transfer: Transferable[] = [],
  ): Promise<ReturnType<WorkerMethods[K]>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      const request: WorkerRequest = { id: this.#nextId++, method, args };
      try {
        this.#worker.postMessage(request, transfer);
      } catch (thrown) {
        reject(new ProclivityError('argument', `the worker cannot be sent this: ${String(thrown)}; pass plain data`, { cause: thrown }));
        return;
      }
      this.#pending.set(request.id, { resolve, reject });
    });
  }

  /** Stops the worker and rejects every call under way and to come with `error`. */
  end(error: ProclivityError): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #settle(reply: WorkerReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) {
      if (reply.info !== undefined) this.info = reply.info;
      pending?.resolve(reply.value as never);
    } else {
      pending?.reject(fromWire(reply.error));
    }
  }
}
