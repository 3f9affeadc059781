// A Worker for Node's tests: the real server on a real MessageChannel, so structured cloning and transfer are the real ones.

import { serve } from '../src/worker-server.js';
import type { WasmGlue } from '../src/boundary.js';
import type { WasmSource } from '../src/engine.js';

/** A class to stub `Worker` with; `alive` counts those not terminated. */
export function fakeWorker(loadWasm: (source: WasmSource) => Promise<WasmGlue>): { Worker: typeof Worker; alive: () => number; urls: string[]; crash: (message: string) => void } {
  let alive = 0;
  const urls: string[] = [];
  const workers: EventTarget[] = [];

  class FakeWorker extends EventTarget {
    readonly #channel = new MessageChannel();

    constructor(url: URL) {
      super();
      alive += 1;
      urls.push(url.href);
      workers.push(this);
      const { port1, port2 } = this.#channel;
      port1.addEventListener('message', ({ data }) => this.dispatchEvent(new MessageEvent('message', { data: data as unknown })));
      port1.start();
      port2.start();
      serve(port2, loadWasm);
    }

    postMessage(message: unknown, transfer: Transferable[]): void {
      this.#channel.port1.postMessage(message, transfer);
    }

    terminate(): void {
      alive -= 1;
      this.#channel.port1.close();
    }
  }

  const crash = (message: string): void => {
    for (const worker of workers) worker.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message }));
  };
  return { Worker: FakeWorker as unknown as typeof Worker, alive: () => alive, urls, crash };
}
