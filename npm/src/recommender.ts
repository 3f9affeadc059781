import { abortable } from './abort.js';
import { BackendTrial } from './backend-trial.js';
import { checkItemId } from './check.js';
import { ProclivityError } from './errors.js';
import {
  checkBackend,
  checkBatch,
  checkCount,
  checkEvent,
  checkLoadOptions,
  checkNewItems,
  checkPush,
  checkRecommendOptions,
  checkRetraction,
  checkSimilarOptions,
  checkState,
  checkTime,
  checkUpdateOptions,
  ofScenario,
  type CheckedLoad,
  type Scenarios,
} from './options.js';
import { Pages, toRecommendation } from './pages.js';
import { pumpModel } from './pump.js';
import { SerialQueue } from './queue.js';
import { openModel, readWhole } from './source.js';
import { startLocalLoader, startWorkerLoader } from './start.js';
import { ProfileKeeper, storageError, type Change } from './storage/keeper.js';
import type { Engine, EngineLoader } from './engine.js';
import type {
  BackendChoice,
  BatchOptions,
  BatchUser,
  BestTime,
  BestTimeOptions,
  Catalogue,
  HistoryItem,
  Info,
  InteractionEvent,
  LoadOptions,
  ModelSource,
  NewItem,
  ProfileState,
  ProfileStorage,
  Push,
  Recommendation,
  RecommendOptions,
  SimilarOptions,
  UpdateOptions,
} from './types.js';

/**
 * Recommends items on this device, from a model loaded once and from what its user does.
 *
 * After {@link Recommender.load} has resolved nothing is requested from the network but what {@link Recommender.update} is
 * told to fetch. Calls may overlap: they take
 * effect in the order in which they were made. Every failure is a {@link ProclivityError}; beside the codes listed at
 * each method, all of them give `disposed` after {@link Recommender.dispose} and `argument` for what they do not take.
 *
 * @example
 * ```ts
 * const recommender = await Recommender.load('/model.safetensors');
 * await recommender.observe({ type: 'purchase', itemId: 'sku-1' });
 * const { items } = await recommender.recommend({ count: 10 });
 * ```
 */
export class Recommender {
  readonly #engine: Engine;
  readonly #worker: boolean;
  readonly #scenarios: Scenarios;
  #items: number;
  readonly #queue = new SerialQueue();
  readonly #trial: BackendTrial;
  #disposed = false;
  #storage: Info['storage'] = 'memory';
  #keeper: ProfileKeeper | undefined;
  /** Opens the place where the profile is to be kept; `undefined` for memory. */
  #openPlace: (() => Promise<ProfileStorage>) | undefined;
  /** The update under way, if there is one. */
  #updating: Promise<unknown> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #pages = new Pages((work) => this.#run(work));

  private constructor(engine: Engine, { worker, scenarios, rememberBackend }: Pick<CheckedLoad, 'worker' | 'scenarios' | 'rememberBackend'>) {
    this.#engine = engine;
    this.#worker = worker;
    this.#scenarios = scenarios;
    this.#trial = new BackendTrial(() => this.#live(), rememberBackend);
    this.#items = engine.info().items;
  }

  /**
   * Loads a model and starts the engine on it.
   *
   * @param source - A URL, a `Response` (or the promise of one), or the model's bytes, which are copied. In Node also a
   * path or `file:` URL.
   * @throws {@link ProclivityError} `argument`, `http`, `network`, `file`, `wasm`, `worker` or `unsupported`; or the
   * engine's code for a model it refuses. An aborted load rejects with the signal's reason instead.
   */
  static async load(source: ModelSource, options?: LoadOptions): Promise<Recommender> {
    const checked = checkLoadOptions(options);
    const { engine, worker, signal, onProgress, wasm } = checked;
    signal?.throwIfAborted();

    // The model and the code are on their way at the same time.
    const opening = openModel(source, signal);
    let starting: Promise<EngineLoader> | undefined;
    try {
      starting = worker ? startWorkerLoader(wasm, signal) : startLocalLoader(wasm);
      const [stream, loader] = await abortable(Promise.all([opening, starting]), signal);
      await pumpModel(stream, loader, signal, onProgress);
      const recommender = new Recommender(await abortable(loader.finish(engine), signal), checked);
      try {
        await abortable(recommender.#keepIn(checked), signal);
      } catch (thrown) {
        recommender.dispose();
        throw thrown;
      }
      if (engine.backend === 'auto') recommender.#trial.start(false);
      return recommender;
    } catch (thrown) {
      // Whichever half is there, or still comes, is let go.
      opening.then((stream) => { stream.close(); }, () => undefined);
      starting?.then((loader) => { loader.cancel(); }, () => undefined);
      throw thrown;
    }
  }

  /**
   * What is loaded and how it runs, without delay.
   *
   * @throws {@link ProclivityError} `disposed`.
   */
  info(): Info {
    return { ...this.#live().info(), worker: this.#worker, storage: this.#storage };
  }

  /**
   * Waits until the backend is chosen. With `auto` the CPU answers from the start while the GPU is tried; that takes a
   * second or two on a first visit, and less on later ones, which know the outcome.
   *
   * @returns What runs now, and why.
   */
  async settled(): Promise<Info> {
    this.#live();
    await this.#trial.settled;
    return this.info();
  }

  /**
   * Switches to another backend; the model and the user's profile stay. Where the GPU is not to be had the CPU takes over.
   * `auto` measures both anew; calls made meanwhile are answered by the CPU.
   *
   * @returns What runs now, and why.
   * @throws {@link ProclivityError} `golden_mismatch`; the current backend then stays.
   */
  async useBackend(backend: BackendChoice): Promise<Info> {
    const checked = checkBackend(backend);
    if (checked === 'auto') {
      this.#live();
      this.#trial.start(true);
      return this.settled();
    }
    this.#trial.giveWay();
    return this.#run(async (engine) => {
      await engine.useBackend(checked);
      return this.info();
    });
  }

  /**
   * Learns from one thing the user did: at once, for all later calls. Resolves when it is stored too, where the profile is kept; calls
   * need not wait for that.
   *
   * @throws {@link ProclivityError} `unknown_item`; the profile then stays as it was. `storage` or `storage_full`: the event has its
   * effect until the page closes, and is stored along with the next one, so do not repeat it.
   */
  async observe(event: InteractionEvent): Promise<void> {
    const checked = checkEvent(event);
    return this.#learn((engine) => engine.observe(checked), (keeper, change) => keeper.add(change));
  }

  /**
   * Takes back one thing the user did, as if it had not been: the latest of its type and item, or the one of its `timestamp`.
   *
   * @returns Whether there was one.
   * @throws {@link ProclivityError} `storage` or `storage_full`, as for {@link Recommender.observe}.
   */
  async retract(event: InteractionEvent): Promise<boolean> {
    const checked = checkRetraction(event);
    let found = false;
    await this.#learn(async (engine) => { found = await engine.retract(checked); }, (keeper, change) => keeper.add(change));
    return found;
  }

  /**
   * What the profile holds of what the user did, oldest first, times in whole seconds: 2,000 events at most, fewer where ids are long (58 KB
   * in all). Beyond that impressions go first, then what changes nothing (told twice within a minute, a rating that was
   * corrected), then what is oldest.
   */
  events(): Promise<InteractionEvent[]> {
    return this.#run((engine) => engine.events());
  }

  /**
   * What all of that amounts to, one line an item: how strongly each speaks for others, with weights, half-lives and dislikes as the model
   * counts them. Items that the model does not know are not in it.
   */
  history(): Promise<HistoryItem[]> {
    return this.#run((engine) => engine.history());
  }

  /**
   * The best moment to send this user a message: the hours of the week at which they come, those of all users of the log as long as
   * little is known, and what came of earlier messages ({@link Recommender.pushed}). Nothing is sent, nor scheduled.
   *
   * @returns `null` where quiet hours, gaps and caps leave none.
   */
  async bestTime(options?: BestTimeOptions): Promise<BestTime | null> {
    const checked = checkTime(options);
    return this.#run((engine) => engine.bestTime(checked));
  }

  /**
   * Learns that a message was sent and, once that is known, whether the user opened it.
   *
   * @throws {@link ProclivityError} `storage` or `storage_full`, as for {@link Recommender.observe}.
   */
  async pushed(push?: Push): Promise<void> {
    const checked = checkPush(push);
    return this.#learn((engine) => engine.pushed(checked), (keeper, change) => keeper.add(change));
  }

  /**
   * Calls `listener` after each change of what is recommended: by what the user did here or on another page of the same profile, by
   * `import`, `forget`, `addItems` and `update`.
   *
   * @returns A function that ends it.
   */
  subscribe(listener: () => void): () => void {
    const own = (): void => { listener(); }; // who subscribes twice is called twice
    this.#listeners.add(own);
    return () => { this.#listeners.delete(own); };
  }

  /**
   * The best items for this user, the most popular ones before the first event; or for a user vector given as `user`.
   *
   * @throws {@link ProclivityError} `unknown_item` for an id in `include` or `exclude` (rules for items that the model does not know are passed
   * over), `argument` for an unknown column or a user vector of another width than the model's.
   */
  async recommend(options?: RecommendOptions): Promise<Recommendation> {
    const checked = checkRecommendOptions(ofScenario(options, this.#scenarios), this.#items);
    return this.#pages.first(checked, (engine, of) => engine.recommend(of));
  }

  /**
   * More of a list of {@link Recommender.recommend} or {@link Recommender.similar}, by its `recommId`: what it has not shown yet, under the
   * same options, as the profile is now. Rules that promote keep their place in the whole list; shares and caps hold for each page.
   *
   * @param count - How many more. Default 10.
   * @returns The next items, fewer where fewer are left, under the same `recommId`.
   * @throws {@link ProclivityError} `argument` for an id that is none of the latest 50 lists, or of one from before the model changed.
   */
  async next(recommId: string, count?: number): Promise<Recommendation> {
    this.#live();
    return this.#pages.next(recommId, checkCount(count, this.#items));
  }

  /**
   * A list for each of several users, in their order: user vectors (`info().dim` numbers each) and profile states as
   * {@link Recommender.export} gives them. The profile at hand plays no part and is left as it is. The item table is read
   * once for several users, so this is faster than as many calls.
   *
   * @throws {@link ProclivityError} As for {@link Recommender.recommend}; one user who cannot be answered refuses all.
   */
  async recommendBatch(users: readonly BatchUser[], options?: BatchOptions): Promise<Recommendation[]> {
    const checked = checkBatch(users, ofScenario(options, this.#scenarios), this.#items);
    return (await this.#run((engine) => engine.recommendBatch(checked.users, checked.options))).map((ranking) => toRecommendation(ranking));
  }

  /**
   * The items most like one item, whoever the user is.
   *
   * @throws {@link ProclivityError} As for {@link Recommender.recommend}.
   */
  async similar(itemId: string, options?: SimilarOptions): Promise<Recommendation> {
    const id = checkItemId(itemId);
    const checked = checkSimilarOptions(options, this.#items);
    return this.#pages.first(checked, (engine, of) => engine.similar(id, of));
  }

  /**
   * A short list to ask the user about ("pick a few you like"), the most telling first: popular items, each of which tells what the
   * profile and those before it do not. Tell what was picked by {@link Recommender.observe}, and ask again for what is still open.
   *
   * @throws {@link ProclivityError} As for {@link Recommender.recommend}.
   */
  async onboarding(options?: SimilarOptions): Promise<Recommendation> {
    const checked = checkSimilarOptions(options, this.#items, 'onboarding');
    return toRecommendation(await this.#run((engine) => engine.onboarding(checked)));
  }

  /** The items the model knows and what it says of them. A copy: it is worth keeping. */
  catalogue(): Promise<Catalogue> {
    return this.#run((engine) => engine.catalogue());
  }

  /**
   * Adds items that the model was not trained with: each gets a vector from what it says of itself, in the columns of the
   * catalogue, so it is recommended and found similar from now on. The model file and the user's profile stay; a page that is
   * loaded anew adds them anew. Takes effect for later calls, with `auto` once the GPU has been tried.
   *
   * @returns What is loaded now.
   * @throws {@link ProclivityError} `argument` for a model trained without `--content`, an id that is there already, or a
   * column that the catalogue does not have or that holds another type; `out_of_memory`. Nothing is added then.
   */
  async addItems(items: readonly NewItem[]): Promise<Info> {
    const checked = checkNewItems(items);
    if (this.#updating !== undefined) await this.#updating.catch(() => undefined);
    return this.#change((engine) => engine.addItems(checked));
  }

  /**
   * Brings the model up to date with a delta of the trainer (`proclivity delta OLD NEW`), a fraction of the new model's size:
   * items added, changed and removed, or anything else. The new model is checked whole, with its golden queries, before it takes
   * the place of the old one; where anything is wrong nothing changes. The user's profile stays, and items added by
   * {@link Recommender.addItems} go. Updates and additions of items follow one another as they were asked for; other calls do not wait
   * for the download.
   *
   * @param source - As for {@link Recommender.load}: the only request after it, and made by you.
   * @returns What is loaded now.
   * @throws {@link ProclivityError} `delta` for a damaged one or one for another model; `argument`, `http`, `network` or
   * `file`; the codes of a model that is refused. An aborted update rejects with the signal's reason.
   */
  async update(source: ModelSource, options?: UpdateOptions): Promise<Info> {
    const { signal } = checkUpdateOptions(options);
    this.#live();
    signal?.throwIfAborted();
    const before = this.#updating;
    const reading = abortable(readDelta(source, signal), signal);
    const updating = (async () => {
      const [delta] = await Promise.all([reading, before?.catch(() => undefined)]);
      return this.#change((engine) => engine.applyDelta(delta));
    })();
    this.#updating = updating;
    try {
      return await updating;
    } finally {
      if (this.#updating === updating) this.#updating = undefined;
    }
  }

  /** What the device knows of its user, as a plain JSON object of 64 KB at most, to be stored where you like. */
  export(): Promise<ProfileState> {
    return this.#run((engine) => engine.exportProfile());
  }

  /**
   * Replaces the profile by one that {@link Recommender.export} returned.
   *
   * @throws {@link ProclivityError} `argument` for a state that cannot be read; the profile then stays as it was. `storage` or
   * `storage_full`, as for {@link Recommender.observe}.
   */
  async import(state: ProfileState): Promise<void> {
    const checked = checkState(state);
    return this.#learn((engine) => engine.importProfile(checked), (keeper) => keeper.replace());
  }

  /**
   * Erases everything learned of the user, here and where it is stored, for all pages of the profile.
   *
   * @throws {@link ProclivityError} `storage`: nothing is left here, but what is stored could not be erased.
   */
  async forget(): Promise<void> {
    await this.#learn((engine) => engine.forget(), (keeper) => keeper.clear());
    if (this.#keeper !== undefined || this.#openPlace === undefined) return;
    // Storage that was not to be had, or not readable, when the page was loaded may still hold a profile.
    try {
      const place = await this.#openPlace();
      await place.clear().finally(() => { place.close?.(); });
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  /** Frees the model, the GPU and the worker. Calls under way and all later ones fail with `disposed`; once more is harmless. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#keeper?.close();
    this.#listeners.clear();
    this.#engine.dispose();
  }

  /** Takes up the stored profile, and keeps it from now on. Without storage the page goes on with what it learns itself. */
  async #keepIn({ storage, profile, onProblem = warn }: Pick<CheckedLoad, 'storage' | 'profile' | 'onProblem'>): Promise<void> {
    if (storage === 'memory') return;
    this.#openPlace = async () => (storage === 'indexeddb' ? (await import('./storage/indexeddb.js')).openIndexedDb(profile) : storage);
    try {
      const place = await this.#openPlace();
      const keeper = new ProfileKeeper(place, (work) => this.#run(work), { changed: () => { this.#changed(); }, problem: onProblem });
      if (this.#disposed) {
        keeper.close();
        return;
      }
      this.#keeper = keeper;
      await keeper.refresh();
      this.#storage = typeof storage === 'string' ? storage : 'own';
    } catch (thrown) {
      this.#keeper?.close();
      this.#keeper = undefined;
      if (!this.#disposed) onProblem(storageError(thrown));
    }
  }

  /** Changes the profile in its turn, and resolves once that is stored. */
  async #learn(call: Change, keep: (keeper: ProfileKeeper, change: Change) => Promise<void>): Promise<void> {
    const { stored } = await this.#run(async (engine) => {
      await call(engine);
      // Not awaited in the turn: later calls, and the keeper's own, go before it is stored.
      return { stored: this.#keeper && keep(this.#keeper, call) };
    });
    this.#changed();
    await stored;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (thrown) {
        console.error(thrown); // the page's own, and no reason to fail the call that led here
      }
    }
  }

  /** Changes the model once the backend is chosen, which the new one keeps. */
  #change(call: (engine: Engine) => Promise<void>): Promise<Info> {
    return this.#run(async () => {
      await this.#trial.settled.catch(() => undefined);
      await call(this.#live()); // which may have been disposed of meanwhile
      const info = this.info();
      this.#items = info.items;
      this.#pages.clear();
      this.#changed();
      return info;
    });
  }

  async #run<T>(call: (engine: Engine) => Promise<T>): Promise<T> {
    this.#live();
    return this.#queue.add(async () => {
      const answer = await call(this.#live());
      this.#live();
      return answer;
    });
  }

  #live(): Engine {
    if (!this.#disposed) return this.#engine;
    throw new ProclivityError('disposed', 'expected a live recommender, found one disposed of; load another');
  }
}

/** All bytes of a delta. */
async function readDelta(source: ModelSource, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  return readWhole(await openModel(source, signal));
}

/** Where no one asked to be told of a problem. */
function warn(problem: ProclivityError): void {
  console.warn(`proclivity: ${problem.message}`);
}
