import { ProclivityError, Recommender } from 'proclivity';
import { announce } from './announce.ts';
import { interests, type Interest } from 'proclivity/interests';
import type {
  BackendChoice, BackendName, BestTime, BestTimeOptions, Catalogue, Info, InteractionEvent, LoadProgress, ProfileState, Push, Recommendation, RecommendOptions,
  SimilarOptions,
} from 'proclivity';

/** The models one can shop with: the shop opens with the first. */
export const MODELS = {
  neighbours: { name: 'Factors', url: '/model.safetensors', title: 'Factorisation with a neural ranker on top' },
  sequence: { name: 'Attention', url: '/sequence.safetensors', title: 'Self-attention over what was done, in its order' },
} as const;
export type ModelName = keyof typeof MODELS;

const TIMINGS_KEPT = 24;

/** The recommender, with its query times kept and its changes of backend and model announced. */
export class Engine {
  /** Milliseconds of the latest queries on the current backend and model, oldest first. */
  timings: number[] = [];
  model: ModelName = 'neighbours';
  #recommender: Recommender;
  readonly #listeners = new Set<() => void>();
  readonly #learners = new Set<() => void>();

  private constructor(recommender: Recommender) {
    this.#recommender = recommender;
    this.#listen();
  }

  /** Loads the first model. Where the GPU is asked for but not to be had, the CPU takes over, and `info().reason` says why. */
  static async load(backend: BackendChoice, onProgress: (progress: LoadProgress) => void): Promise<Engine> {
    const engine = new Engine(await Recommender.load(MODELS.neighbours.url, { backend, onProgress, storage: 'indexeddb', onProblem: tell }));
    void engine.#settle();
    return engine;
  }

  /** Goes on with another model, on the same backend and with the same profile, which is stored; where it cannot be loaded, with the one at hand. */
  async useModel(model: ModelName): Promise<void> {
    const { backend } = await this.#recommender.settled();
    const next = await Recommender.load(MODELS[model].url, { backend, storage: 'indexeddb', onProblem: tell });
    try {
      // Where nothing can be stored.
      if (next.info().storage === 'memory') await next.import(await this.#recommender.export());
    } catch (error) {
      next.dispose();
      throw error;
    }
    this.#recommender.dispose();
    this.#recommender = next;
    this.#listen();
    this.model = model;
    this.timings = [];
    this.#changed();
  }

  info(): Info {
    return this.#recommender.info();
  }

  catalogue(): Promise<Catalogue> {
    return this.#recommender.catalogue();
  }

  async recommend(options: RecommendOptions): Promise<Recommendation> {
    return this.#timed(await this.#recommender.recommend(options));
  }

  async similar(itemId: string, options: SimilarOptions): Promise<Recommendation> {
    return this.#timed(await this.#recommender.similar(itemId, options));
  }

  observe(event: InteractionEvent): Promise<void> {
    return kept(this.#recommender.observe(event), undefined);
  }

  async useBackend(name: BackendName): Promise<Info> {
    const info = await this.#recommender.useBackend(name);
    this.timings = [];
    this.#changed();
    return info;
  }

  retract(event: InteractionEvent): Promise<boolean> {
    return kept(this.#recommender.retract(event), true);
  }

  events(): Promise<InteractionEvent[]> {
    return this.#recommender.events();
  }

  /** What the profile believes of its owner, by the values of a category column. */
  interests(column: string): Promise<Interest[]> {
    return interests(this.#recommender, column);
  }

  export(): Promise<ProfileState> {
    return this.#recommender.export();
  }

  import(state: ProfileState): Promise<void> {
    return kept(this.#recommender.import(state), undefined);
  }

  bestTime(options: BestTimeOptions): Promise<BestTime | null> {
    return this.#recommender.bestTime(options);
  }

  pushed(push: Push): Promise<void> {
    return kept(this.#recommender.pushed(push), undefined);
  }

  forget(): Promise<void> {
    return kept(this.#recommender.forget(), undefined);
  }

  /** Called after each query and each change of backend. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Called after each change of the profile, here or on another page. */
  onLearn(listener: () => void): void {
    this.#learners.add(listener);
  }

  #listen(): void {
    this.#recommender.subscribe(() => { for (const listener of this.#learners) listener(); });
  }

  /** The CPU answers while the GPU is tried; what was chosen in the end is announced. */
  async #settle(): Promise<void> {
    const before = this.info().backend;
    const { backend } = await this.#recommender.settled();
    if (backend !== before) this.timings = [];
    this.#changed();
  }

  #timed(answer: Recommendation): Recommendation {
    this.timings = [...this.timings, answer.millis].slice(-TIMINGS_KEPT);
    this.#changed();
    return answer;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What could not be stored has its effect all the same, and the shop goes on until the tab is closed. */
async function kept<T>(change: Promise<T>, unless: T): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof ProclivityError) || !error.code.startsWith('storage')) throw error;
    tell(error);
    return unless;
  }
}

/** What cannot be stored, for whoever can see and whoever cannot. */
function tell(problem: ProclivityError): void {
  console.warn(problem.message);
  const text = problem.code === 'storage_damaged' ? 'What was kept of earlier visits could not be read; the shop starts anew.' : 'What you do here cannot be kept for later.';
  announce(text, 'storage');
  const note = document.getElementById('problem');
  if (note === null) return;
  note.textContent = text;
  note.hidden = false;
}

/** The middle value; of an even number of values the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
