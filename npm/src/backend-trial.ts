// The backend `auto`: the GPU is tried beside the calls of the page, and the outcome is remembered.

import { recall, remember, unlearn } from './backend-memory.js';
import type { Earlier, Engine } from './engine.js';

/** Milliseconds a trial of the GPU may take; a step that has begun is finished. */
const BUDGET = 1500;

/** Trials of the GPU, of which the latest counts. */
export class BackendTrial {
  /** Settled once the backend is chosen. */
  settled: Promise<void> = Promise.resolve();
  readonly #live: () => Engine;
  readonly #remembers: boolean;
  /** Counts choices of a backend: a trial that has not begun gives way to a later one. The engine sees to the rest. */
  #choices = 0;

  /** `live` gives the engine or throws where it is gone; with `remembers` outcomes are kept, and taken over. */
  constructor(live: () => Engine, remembers: boolean) {
    this.#live = live;
    this.#remembers = remembers;
  }

  /** Lets the GPU be tried beside the queue, so that no call waits for it; `anew` whatever an earlier visit found. */
  start(anew: boolean): void {
    this.#choices += 1;
    const earlier = anew || !this.#remembers ? undefined : recall(this.#live().info());
    this.settled = this.#try(earlier, this.#choices);
    this.settled.catch(() => undefined); // for whoever waits for it
  }

  /** Another choice is made: a trial that has not begun does not begin. */
  giveWay(): void {
    this.#choices += 1;
  }

  async #try(earlier: Earlier | undefined, choice: number): Promise<void> {
    // The page's first answers come first; an earlier outcome for the CPU costs nothing.
    if (earlier?.adapter !== null) await idle();
    if (choice !== this.#choices) return;
    const days = await this.#live().tryGpu(BUDGET, earlier);
    if (!this.#remembers) return;
    const info = this.#live().info();
    if (days > 0) remember(info, days);
    else if (earlier !== undefined && info.adapter !== earlier.adapter) unlearn(info);
  }
}

/** Resolves when the page has nothing better to do, after a second at the latest. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    // Safari and Node have no idle callbacks.
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => { resolve(); }, { timeout: 1000 });
    else setTimeout(resolve, 50);
  });
}
