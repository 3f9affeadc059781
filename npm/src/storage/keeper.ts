// Keeps the profile of a live recommender and the stored one together.

import { ProclivityError, toProclivityError } from '../errors.js';
import { uniqueId } from '../unique-id.js';
import type { Engine } from '../engine.js';
import type { ProfileStorage, StoredProfile } from '../types.js';

/** Runs work on the engine after the calls made so far. */
export type InTurn = <T>(work: (engine: Engine) => Promise<T>) => Promise<T>;

/** A change of the profile, such as an event; made once more where another page's profile comes underneath. */
export type Change = (engine: Engine) => Promise<void>;

/** Someone who waits until a change is stored; settled once, whatever is called later. */
interface Waiter {
  kept: () => void;
  lost: (reason: ProclivityError) => void;
}

/** What a keeper tells of what happens beside the calls. */
export interface KeeperEvents {
  /** The profile at hand became that of another page. */
  changed: () => void;
  /** Something went wrong that no call can be told of. */
  problem: (problem: ProclivityError) => void;
}

/**
 * The profile at hand is the stored one of some revision and, on top of it, the changes not stored yet. Rounds of reading and writing
 * follow one another, never two at once. A write that finds another revision than its own takes that one up, puts its changes on top, and
 * tries again: what any page has stored is never written over but by `import` and `forget`, and pages agree in the end. What fails to be
 * stored is told to whoever waits for it, stays in effect, and goes along with the next round.
 */
export class ProfileKeeper {
  readonly #storage: ProfileStorage;
  readonly #inTurn: InTurn;
  readonly #events: KeeperEvents;
  readonly #unwatch: (() => void) | undefined;
  /** Of the stored profile that the one at hand stands on; `null` for none. */
  #revision: string | null = null;
  /** Changes on top of it. */
  #unsaved: (Waiter & { change: Change })[] = [];
  /** Where the profile at hand is to take the place of whatever is stored: who waits for it. */
  #replacing: Waiter[] | null = null;
  /** Where what is stored is to be erased: who waits for it. */
  #erasing: Waiter[] | null = null;
  /** Who waits until another page's profile, if there is one, is taken up. */
  #refreshing: Waiter[] | null = null;
  #due = false;
  #running = false;

  constructor(storage: ProfileStorage, inTurn: InTurn, events: KeeperEvents) {
    this.#storage = storage;
    this.#inTurn = inTurn;
    this.#events = events;
    this.#unwatch = storage.watch?.(() => {
      this.refresh().catch((thrown: unknown) => {
        const problem = storageError(thrown);
        if (problem.code !== 'disposed') events.problem(problem);
      });
    });
  }

  /**
   * Takes up the stored profile where it is another one than the one at hand stands on.
   *
   * @throws {@link ProclivityError} `storage`.
   */
  refresh(): Promise<void> {
    return this.#ask((waiter) => { (this.#refreshing ??= []).push(waiter); });
  }

  /**
   * Stores a change; to be called in the turn in which it was made, and awaited after it.
   *
   * @throws {@link ProclivityError} `storage`, `storage_full`.
   */
  add(change: Change): Promise<void> {
    return this.#ask((waiter) => { this.#unsaved.push({ ...waiter, change }); });
  }

  /** Stores the profile at hand in place of whatever is stored; to be called in the turn in which the engine took it over. */
  replace(): Promise<void> {
    return this.#ask((waiter) => { this.#replacing = [...(this.#replacing ?? []), ...this.#unsaved.splice(0), waiter]; });
  }

  /** Erases what is stored; to be called in the turn in which the engine forgot. */
  clear(): Promise<void> {
    return this.#ask((waiter) => {
      this.#erasing = [...(this.#erasing ?? []), ...(this.#replacing ?? []), ...this.#unsaved.splice(0), waiter];
      this.#replacing = null;
    });
  }

  close(): void {
    this.#unwatch?.();
    this.#storage.close?.();
  }

  #ask(note: (waiter: Waiter) => void): Promise<void> {
    const stored = new Promise<void>((kept, lost) => {
      note({ kept, lost });
      this.#due = true;
      void this.#run();
    });
    stored.catch(() => undefined); // who is disposed of while it waits no longer listens
    return stored;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#due) {
      this.#due = false;
      try {
        await (this.#storage.exclusively?.(() => this.#round()) ?? this.#round());
      } catch (thrown) {
        const reason = storageError(thrown);
        const waiting = [...(this.#refreshing ?? []), ...(this.#erasing ?? []), ...(this.#replacing ?? []), ...this.#unsaved];
        this.#refreshing = null; // the others have another try, though no one waits for it any more
        waiting.forEach(({ lost }) => { lost(reason); });
      }
    }
    this.#running = false;
  }

  async #round(): Promise<void> {
    if (this.#erasing !== null) {
      const waiting = this.#erasing;
      await this.#storage.clear();
      this.#revision = null;
      if (this.#erasing === waiting) this.#erasing = null;
      waiting.forEach(({ kept }) => { kept(); });
    }
    if (this.#refreshing !== null) {
      const waiting = this.#refreshing;
      this.#refreshing = null; // who asks from now on may have another one in mind
      try {
        await this.#takeUp();
      } catch (thrown) {
        waiting.forEach(({ lost }) => { lost(storageError(thrown)); });
        throw thrown;
      }
      waiting.forEach(({ kept }) => { kept(); });
    }
    while (this.#replacing !== null || this.#unsaved.length > 0) {
      const [state, replacing, unsaved] = await this.#inTurn(
        async (engine) => [await engine.exportProfile(), this.#replacing, [...this.#unsaved]] as const,
      );
      if (this.#erasing !== null) return; // comes first, in a round that is due
      const next: StoredProfile = { revision: uniqueId(), state };
      if (!(await this.#storage.write(next, this.#revision))) {
        await this.#takeUp();
        continue;
      }
      this.#revision = next.revision;
      if (this.#replacing === replacing) this.#replacing = null;
      this.#unsaved = this.#unsaved.filter((one) => !unsaved.includes(one));
      [...(replacing ?? []), ...unsaved].forEach(({ kept }) => { kept(); });
    }
  }

  /** Makes the stored profile, with the changes not stored yet, the one at hand; one that is to be replaced only lends its revision. */
  async #takeUp(): Promise<void> {
    const stored = await this.#storage.read();
    if (stored !== undefined && !isStored(stored)) return this.#setAside(stored, 'it is no stored profile');
    const revision = stored?.revision ?? null;
    const problem = await this.#inTurn(async (engine): Promise<ProclivityError | undefined> => {
      // What was forgotten or replaced meanwhile has its own round.
      if (revision === this.#revision || this.#replacing !== null || this.#erasing !== null) {
        this.#revision = revision;
        return undefined;
      }
      try {
        await (stored === undefined ? engine.forget() : engine.importProfile(stored.state));
      } catch (thrown) {
        const problem = toProclivityError(thrown);
        if (problem.code !== 'argument') throw problem; // the engine's trouble, not the profile's
        const { version } = await engine.exportProfile();
        if (!isNewer(stored?.state.version, version)) return problem;
        throw new ProclivityError('storage', 'expected a profile that this version of the package reads, found one of a newer version; load the newer one here too');
      }
      this.#revision = revision;
      for (const one of [...this.#unsaved]) {
        try {
          await one.change(engine);
        } catch (thrown) {
          // Of an item that an update has taken away since.
          this.#unsaved = this.#unsaved.filter((other) => other !== one);
          one.lost(toProclivityError(thrown));
        }
      }
      this.#events.changed();
      return undefined;
    });
    if (problem !== undefined) await this.#setAside(stored, problem.message);
  }

  async #setAside(unreadable: unknown, why: string): Promise<void> {
    const kept = this.#storage.setAside !== undefined;
    if (this.#storage.setAside === undefined) await this.#storage.clear();
    else await this.#storage.setAside(unreadable);
    this.#revision = null;
    const whereabouts = kept ? 'it was set aside' : 'this storage has no "setAside", so it is in the cause of this error alone';
    this.#events.problem(
      new ProclivityError('storage_damaged', `expected the stored profile, found something that cannot be read (${why}); ${whereabouts}`, { cause: unreadable }),
    );
  }
}

function isStored(value: unknown): value is StoredProfile {
  const { revision, state } = (value ?? {}) as Partial<Record<keyof StoredProfile, unknown>>;
  return typeof revision === 'string' && typeof state === 'object' && state !== null;
}

/** Whether a version of a state is above the one that this build writes. */
function isNewer(version: unknown, own: unknown): boolean {
  return typeof version === 'number' && typeof own === 'number' && version > own;
}

/** What storage threw, under this package's codes. */
export function storageError(thrown: unknown): ProclivityError {
  if (thrown instanceof ProclivityError) return thrown;
  const { name, message } = (thrown ?? {}) as Partial<Error>;
  const full = name === 'QuotaExceededError';
  return new ProclivityError(
    full ? 'storage_full' : 'storage',
    `expected the profile to be stored, found ${message ?? String(thrown)}; ${full ? 'free some room: ' : ''}it stays in effect until the page closes`,
    { cause: thrown },
  );
}
