import type { ProclivityError } from './errors.js';

/** Where scores are computed. */
export type BackendName = 'webgpu' | 'cpu';

/**
 * `auto` answers on the CPU at once, tries the GPU in the background, and takes the faster one; the outcome is kept in
 * `localStorage` for 30 days, by device and model. With `auto` and `webgpu` the CPU takes over where the GPU is not to be had
 * or does not give the answers stored in the model; `info()` says what runs and why.
 */
export type BackendChoice = 'auto' | BackendName;

/** What a model can be loaded from. In Node a string may also be a file path, and a URL a `file:` URL. */
export type ModelSource = string | URL | Response | Promise<Response> | ArrayBuffer | Uint8Array;

/** How far a load has come. */
export interface LoadProgress {
  /** Bytes of the model received so far, after content decoding. */
  loaded: number;
  /** Bytes to expect, or `null` while that is not known (no usable `Content-Length`). In the last report it equals `loaded`. */
  total: number | null;
}

/** Options of {@link Recommender.load}. */
export interface LoadOptions {
  /** Default `'auto'`. */
  backend?: BackendChoice | undefined;
  /**
   * Whether `'auto'` keeps its choice in `localStorage`, by browser and model, so that later visits need not measure again: for 30 days, or
   * one where the GPU was not ready in time. It tells nothing of the user; `forget` leaves it. Default true.
   */
  rememberBackend?: boolean | undefined;
  /** Run the engine in a Web Worker, so that no call blocks the page. Browsers only. Default `false`. */
  worker?: boolean | undefined;
  /**
   * How strongly each type of event counts, -1 to 1, in place of what the model file says: `{ view: 0.3 }`. What is left out counts as
   * the file says, or as usual.
   */
  eventWeights?: Partial<Record<EventType, number>> | undefined;
  /**
   * Days after which an event of a type counts half, in place of what the model file says: `{ view: 7 }`; days before the latest event of the
   * profile.
   */
  eventHalfLives?: Partial<Record<EventType, number>> | undefined;
  /**
   * Options of lists by name: what a place in the site asks for, such as `{ cart: { count: 4, diversity: 0.3 } }`. `recommend({ scenario:
   * 'cart' })` takes them, with whatever else is given there in their stead.
   */
  scenarios?: Readonly<Record<string, Omit<RecommendOptions, 'scenario' | 'user'>>> | undefined;
  /** Aborts the load: it rejects with the signal's reason and frees what it had read. No effect afterwards. */
  signal?: AbortSignal | undefined;
  /** Called as the model streams in, at least once. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /**
   * The WebAssembly module, where the default (one of the two files beside this package's code, by what the browser knows)
   * does not suit: its URL, its bytes, or a compiled module. Read once per realm: a page that has loaded a recommender keeps the module it has.
   */
  wasm?: string | URL | BufferSource | WebAssembly.Module | undefined;
  /**
   * Where the user's profile is kept: `'memory'` (the default) until the page closes, `'indexeddb'` in this browser, for all pages of
   * the origin alike, or a place of your own. No profile is stored unless asked for: in many places a site needs its visitor's consent first.
   */
  storage?: 'memory' | 'indexeddb' | ProfileStorage | undefined;
  /** Which profile of `'indexeddb'`, where a site keeps several, such as one a signed-in user. Default `'default'`. */
  profile?: string | undefined;
  /**
   * Called with what went wrong beside the calls: a stored profile that could not be read and was set aside (`storage_damaged`; it is the `cause`), or
   * storage that is not to be had, so that the profile lasts until the page closes (`storage`). Default: a warning on the console.
   */
  onProblem?: ((problem: ProclivityError) => void) | undefined;
}

/** A profile as it is kept. */
export interface StoredProfile {
  /** Changes with every write; tells a page that another one has written. */
  revision: string;
  state: ProfileState;
}

/**
 * A place to keep a profile in. Whatever it throws becomes a {@link ProclivityError} `storage` of the call that stored,
 * `storage_full` for a `QuotaExceededError`.
 */
export interface ProfileStorage {
  /** What is kept, `undefined` where nothing is. What is no {@link StoredProfile} is set aside. */
  read(): Promise<unknown>;
  /**
   * Keeps `profile` in place of what is there, in one step, if that has the revision `expected` (`null`: nothing is there), and
   * resolves to `true` once it will be there after a crash. Otherwise changes nothing and resolves to `false`.
   */
  write(profile: StoredProfile, expected: string | null): Promise<boolean>;
  /** Erases everything, also what was set aside. */
  clear(): Promise<void>;
  /** Puts what cannot be read, if it is still there, out of the way, where a person can look at it; without it, all is cleared, and it is only in
   * the `cause` of what `onProblem` is told. */
  setAside?(unreadable: unknown): Promise<void>;
  /** Runs `work` while no other page does; without it, a write that comes too late is made anew. */
  exclusively?<T>(work: () => Promise<T>): Promise<T>;
  /** Calls `changed` whenever another page has written, until the function it returns is called. */
  watch?(changed: () => void): () => void;
  /** Lets go of what it holds. */
  close?(): void;
}

/** What is loaded and how it runs. */
export interface Info {
  /** The backend that scores. */
  backend: BackendName;
  /** Name of the GPU adapter, or `null` on the CPU. */
  adapter: string | null;
  /** The build of the scoring kernels: `relaxed-simd` where the browser knows it. */
  kernels: 'relaxed-simd' | 'simd128' | 'scalar' | 'wgsl' | 'wgsl+dp4a';
  /** Why this backend was chosen, in words. */
  reason: string;
  /** Model family, for example `als+ncf`. */
  family: string;
  /** 16 hex digits that tell one model from another. */
  model: string;
  /** Items that are scored: those of the catalogue, and those removed from it since. */
  items: number;
  /** Width of an item's embedding. */
  dim: number;
  /** Size of the model in bytes. */
  bytes: number;
  /** Bytes of WebAssembly memory. It never shrinks, so this is also the peak, of all recommenders of the realm together; in a worker as of the latest list. */
  memory: number;
  /** The golden queries answered on this backend at load, and the largest score error among them. */
  golden: { checked: number; worstError: number };
  /** Whether the engine runs in a worker. */
  worker: boolean;
  /** Where the profile is kept; `'memory'` also where storage was asked for and is not to be had, as `onProblem` was told. */
  storage: 'memory' | 'indexeddb' | 'own';
  /** Version of the engine. */
  version: string;
}

/** What a user can do to an item. */
export type EventType = 'view' | 'click' | 'cart' | 'purchase' | 'bookmark' | 'rating' | 'dislike' | 'impression' | 'portion';

/** One thing the user did. It stays on the device. */
export interface InteractionEvent {
  type: EventType;
  /** Id of the item, as in the log the model was trained on. */
  itemId: string;
  /**
   * For a rating, its stars: 1 to 5, of which 4 and 5 speak for the item by half and in full, and 3 and less against it as a `dislike` does;
   * where 3 stands for neither in your shop, do not tell it. For a portion, how much was viewed, heard or read so far: 0 to 1.
   * Not used by other types.
   */
  value?: number | undefined;
  /** When, in milliseconds since 1970-01-01 UTC. Default: now. */
  timestamp?: number | undefined;
  /**
   * Where, and under what circumstances: `{ placement: 'cart', referrer: 'mail' }`, at most 8 fields of 64 bytes, numbers in 32 bits. It is kept with the event
   * ({@link Recommender.events}). What the model was trained with holds for half an hour, as if each `recommend` were told it.
   */
  context?: Context | undefined;
}

/** What the user did to one item, summed up. */
export interface HistoryItem {
  itemId: string;
  /** 1 for one event of full strength, such as a purchase; 0 for what only counts as seen or disliked. */
  strength: number;
  /** Whether it is left out of lists: bought, put in the cart, rated, bookmarked, disliked or viewed to its end. */
  seen: boolean;
  /** The kind of event that counted most. */
  strongest: EventType;
}

/** A message that was sent to the user: a push, a mail, a badge. It is told to the profile alone. */
export interface Push {
  /** What it was sent by. Default `'push'`. */
  channel?: string | undefined;
  /** When, in milliseconds since 1970-01-01 UTC. Default: now. */
  timestamp?: number | undefined;
  /** Whether the user opened it; leave it out as long as nothing is known, and tell it with the same channel and time. */
  opened?: boolean | undefined;
}

/** Options of {@link Recommender.bestTime}. */
export interface BestTimeOptions {
  /** How far ahead: hours, or text such as `'24h'` or `'7d'`. At most 14 days. Default `'24h'`. */
  within?: number | string | undefined;
  /** In how many hours after the message the user should come: 1 to 24. Default 4. */
  window?: number | undefined;
  /** From and to, in hours of the user's day, in which nothing is sent: `[22, 8]` is the night. */
  quietHours?: readonly [number, number] | undefined;
  /** Hours to any other message. Default 0. */
  minGapHours?: number | undefined;
  /** Most messages a day of the user's calendar, on all channels together. Default 1. */
  dailyCap?: number | undefined;
  /** What the message goes by; what came of earlier ones on this channel counts. Default `'push'`. */
  channel?: string | undefined;
  /**
   * Draws the hour by how likely it is the best (Thompson sampling), so that others are tried at times and the profile learns from
   * them. Default `true`; `false` takes the likeliest.
   */
  explore?: boolean | undefined;
  /** Makes the draw repeatable: a whole number. */
  seed?: number | undefined;
}

/** A moment to send a message at. Times are in milliseconds since 1970-01-01 UTC. */
export interface BestTime {
  at: number;
  /** Until when the user should have come. */
  until: number;
  /** How likely the user begins a visit between the two. */
  probability: number;
  /** The same, on average over all moments that the options allow. */
  usual: number;
  /** How much of this is known of this user, from 0 (the hours of all others alone) towards 1. */
  confidence: number;
}

/** An item to be added. */
export interface NewItem {
  /** An id that the catalogue does not have yet. */
  id: string;
  /**
   * What stands in catalogue columns: text, or a number for a number column; and vectors that the model was trained with
   * (`--column picture=vector`), as numbers. What is left out counts as unknown.
   */
  attributes?: Readonly<Record<string, string | number | readonly number[] | Float32Array>> | undefined;
}

/** Bounds on a number column; all that are given must hold. An unknown number is never within bounds. */
export interface NumberRange {
  lt?: number | undefined;
  lte?: number | undefined;
  gt?: number | undefined;
  gte?: number | undefined;
}

/**
 * Conditions on catalogue columns, all of which must hold: an accepted value or a list of them, or bounds for a
 * number column. `{ department: ['BAKERY'], price: { lte: 5 } }`. `$and` and `$or` take lists of filters, `$not` takes one; what a column
 * does not know meets no condition, and so it meets its `$not`.
 */
export interface Filter {
  $and?: readonly Filter[] | undefined;
  $or?: readonly Filter[] | undefined;
  $not?: Filter | undefined;
  [column: string]: string | number | readonly string[] | readonly number[] | NumberRange | readonly Filter[] | Filter | undefined;
}

/** A group of items that is moved up, or down where `by` is negative. */
export interface Booster {
  filter: Filter;
  /** In spreads (standard deviations) of the candidates' scores, -100 to 100: 0.5 is a nudge, 3 puts nearly all of the group first. */
  by: number;
}

/** A rule of the shop. */
export type Rule = {
  /** From when it holds: a date, or milliseconds since 1970-01-01 UTC. Default: always. */
  from?: Date | number | undefined;
  /** Until when it holds. Default: for ever. */
  until?: Date | number | undefined;
} & (
  | { /** Puts an item in its place, 1 for the first; its reason is then `promoted`. Default 1. */ type: 'promote'; itemId: string; position?: number | undefined }
  | { /** Leaves an item out, or all that a filter lets in. */ type: 'hide'; itemId: string }
  | { type: 'hide'; filter: Filter }
  | { /** Moves down by so many spreads of the candidates' scores. Default 1. */ type: 'demote'; itemId: string; by?: number | undefined }
  | { type: 'demote'; filter: Filter; by?: number | undefined }
);

/**
 * A group that has its share at every place of the list (FA*IR, Zehlike et al. 2017). Rules that promote and `maxPerCategory` go before it: where
 * they leave it no place it catches up after them.
 */
export interface Fairness {
  group: Filter;
  /** 0 to 1. At each place the group has no fewer items than a list drawn at random with that share would have. */
  share: number;
  /** How often such a random list would be refused, 0.0001 to 0.9. Smaller is laxer. Default 0.1. */
  significance?: number | undefined;
}

/** Options of {@link Recommender.update}. */
export interface UpdateOptions {
  /** Aborts the download: the update rejects with the signal's reason, and nothing changes. No effect once the delta is there. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link Recommender.similar} and {@link Recommender.onboarding}. */
export interface SimilarOptions {
  /**
   * How many items: 1 to the size of the catalogue, at most 500 where the list is arranged (by `rules` or {@link ListOptions}). Default 10, or all of a
   * smaller catalogue. Fewer come back where fewer are left.
   */
  count?: number | undefined;
  /** Ids that must not be returned. */
  exclude?: readonly string[] | undefined;
  /** Only these ids may be returned. */
  include?: readonly string[] | undefined;
  /** Only items that fulfil these conditions may be returned. */
  filter?: Filter | undefined;
  /**
   * The shop's own rules, at most 1,000; those for items that the model does not know are passed over. In {@link Recommender.onboarding} what
   * hides counts alone.
   */
  rules?: readonly Rule[] | undefined;
}

/**
 * What the page knows of the moment, by the names the model was trained with: text, or numbers. `hour` (0 to 23) and `weekday`
 * (0, Sunday, to 6) are told unasked, by the device's clock; they mean what they meant in the log, whose times count as UTC where they
 * say no zone or are seconds, so a log of local times without a zone fits best.
 */
export type Context = Readonly<Record<string, string | number>>;

/**
 * Thompson sampling over the values of a category column: a value that the user never dealt with is drawn up or down at random, and the less
 * so the more is known of it.
 */
export interface Explore {
  /** A category column of the catalogue, such as `department`. */
  column: string;
  /** How far: the standard deviation, in spreads of the candidates' scores, of a value about which nothing is known. 0 to 10; 0.5 is a little. */
  rate: number;
  /** Makes the draw repeatable: a whole number below 2^32. Default: drawn anew. */
  seed?: number | undefined;
}

/** What a shop asks of a list beside relevance: the stages in the order in which they are applied. */
export interface ListOptions {
  /** Groups that are moved up or down. */
  boosters?: readonly Booster[] | undefined;
  /** How much popularity is held against an item, 0 to 1. Default 0. */
  novelty?: number | undefined;
  /** How much it is held against an item that it was shown before (by `impression` events), 0 to 1. Default 0. */
  rotationRate?: number | undefined;
  /** Hours after which half of that is forgotten. Default 24. */
  rotationHours?: number | undefined;
  /** Tries what is not known to be liked; every item then tells how likely it was to be shown. */
  explore?: Explore | undefined;
  /** How much likeness to what stands above is held against an item, 0 to 1 (maximal marginal relevance). Default 0. */
  diversity?: number | undefined;
  /** Most items of one value of a category column: `{ department: 3 }`. The list is shorter where nothing else is left among the candidates. */
  maxPerCategory?: Readonly<Record<string, number>> | undefined;
  /** A least share for a group. */
  fairness?: Fairness | undefined;
  /** Tell what each stage made of the list, which takes a list more for each that leaves items out. Default `false`. */
  trace?: boolean | undefined;
}

/** Options of {@link Recommender.recommend}. */
export interface RecommendOptions extends SimilarOptions, ListOptions {
  /** One of the `scenarios` the recommender was loaded with, whose options hold where nothing else is given here. */
  scenario?: string | undefined;
  /**
   * The moment and whatever else the log said of events (`--context-column`) or the site of users (`--users`), for models that learnt
   * it (`deepfm`, `fm`, or trained with `--context`): what is popular then and there, for those of whom nothing else is known, and
   * more in models that learnt it with the histories. Models without pass over the clock, and refuse more.
   */
  context?: Context | undefined;
  /**
   * Also return items the user has bought, put in the cart, rated, bookmarked or disliked. Default `false`. A model with a
   * repurchase part then puts what is due, by the times of the user's purchases, among what is new.
   */
  includeSeen?: boolean | undefined;
  /**
   * Whether what was learnt online, event by event, counts beside the model's own scores, where the model says how. Default `true`. Models with a
   * repurchase part weigh own items by that instead.
   */
  learn?: boolean | undefined;
  /** Fill in each item's `reasons`. Default `true`. */
  explain?: boolean | undefined;
  /**
   * Score for this user vector (`info().dim` numbers, made elsewhere) in place of the profile's. What the profile holds
   * then plays no part: nothing counts as seen, and there are no reasons.
   */
  user?: Float32Array | readonly number[] | undefined;
}

/** One user of {@link Recommender.recommendBatch}: a user vector, or a profile state. */
export type BatchUser = Float32Array | readonly number[] | ProfileState;

/** Options of {@link Recommender.recommendBatch}, for all its users alike. */
export type BatchOptions = Omit<RecommendOptions, 'user'>;

/** Why an item is in the list. */
export type Reason =
  | {
      /** An item in the user's history speaks for it. */
      type: 'because_of';
      itemId: string;
      /** The strongest thing the user did to that item. */
      event: EventType;
      /** Its share (0 to 1) of all that speaks for the item; the largest comes first. */
      weight: number;
    }
  | {
      /** What the user dealt with that has the same value in a category column speaks for it, together. Beside the single items. */
      type: 'taste';
      /** The column, such as `department`. */
      column: string;
      /** The value that they share, such as `Produce`. */
      value: string;
      /** Their share (0.5 to 1) of all that speaks for the item. */
      weight: number;
    }
  | {
      /** A rule of the shop put it in its place. */
      type: 'promoted';
      /** Its place in `rules`, from 0 on. */
      rule: number;
    }
  | {
      /** It is popular: all that is known before the first event, and more than all that the user did says soon after it. */
      type: 'popular';
    }
  | {
      /** The user bought it before and may need it again. From models with a repurchase part, with `includeSeen`. */
      type: 'buy_again';
      /** How many times. */
      times: number;
      /** Days since the last time. */
      daysSince: number;
      /** Days between purchases on average; `null` for what was bought once. */
      rhythmDays: number | null;
    };

/** One recommended item. */
export interface RecommendedItem {
  id: string;
  /** Comparable within one list only; the list is sorted by it, best first, where neither diversity nor caps, fairness or rules had a say. */
  score: number;
  /**
   * How likely the item was to be in the list, where `explore` had a say: the share of 50 draws, this list among them, that have it, so 0.02
   * at least. Weigh what comes of it by 1 over that.
   */
  propensity?: number;
  /** Up to three single items, the weightiest first, then a taste they share. Empty where `explain` is off, where no single event speaks for it, for `similar` and for a user vector. */
  reasons: Reason[];
}

/** The list as it is after a stage that had a say in it. */
export interface TracedStage {
  stage:
    /** The model's scores alone. */
    | 'scores'
    /** What may not be in the list: `hide` of rules, `seen` without `includeSeen`. */
    | 'include' | 'exclude' | 'filter' | 'hide' | 'seen'
    /** What changes scores. */
    | 'boosters' | 'novelty' | 'rotation' | 'explore' | 'demotions'
    /** What chooses among them. */
    | 'diversity' | 'maxPerCategory' | 'fairness' | 'promotions';
  /** Items of the catalogue that may still be in the list. */
  left: number;
  /** Best first. */
  ids: string[];
}

/** An answer of {@link Recommender.recommend} or {@link Recommender.similar}. */
export interface Recommendation {
  /** Unique to this call; tie what the user does with the list to it. */
  recommId: string;
  items: RecommendedItem[];
  /** The list after each stage, in their order; where `trace` asked for it. */
  trace?: TracedStage[];
  /**
   * Milliseconds the engine took, measured around the engine call (inside the worker, if there is one); of a batch, each
   * list's equal share.
   */
  millis: number;
}

/** One catalogue column, a value an item, in the order of {@link Catalogue.ids}. */
export type CatalogueColumn =
  | { type: 'text'; values: string[] }
  | {
      type: 'category';
      /** For each item the index of its value in `values`. */
      codes: Uint32Array;
      values: string[];
    }
  | { type: 'number'; values: Float32Array };

/** The items the model knows, column by column. */
export interface Catalogue {
  ids: string[];
  columns: Record<string, CatalogueColumn>;
}

/** What the device knows of its user, as plain JSON. Opaque and versioned: store it, hand it back to `import`. */
export type ProfileState = Record<string, unknown>;
