// Profiles in IndexedDB: one record a profile, replaced in one transaction, and what could not be read beside them.

import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { ProclivityError } from '../errors.js';
import type { ProfileStorage, StoredProfile } from '../types.js';

const DATABASE = 'proclivity';
const VERSION = 1;
/** Unreadable records kept; the oldest go first. */
const SET_ASIDE = 5;

/** Milliseconds to wait for the lock. */
const PATIENCE = 1000;

/** A record that was set aside. */
interface Unreadable {
  profile: string;
  /** Milliseconds since 1970. */
  time: number;
  record: unknown;
}

interface Schema extends DBSchema {
  /** By the profile's name. Another version of this package may have put anything there. */
  profiles: { key: string; value: unknown };
  unreadable: { key: number; value: Unreadable; indexes: { profile: string } };
}

/**
 * The profile of this name. Writes are atomic, so that a page that dies in the middle of one leaves the profile as it was before; what is
 * written outlives the browser's own crash, and a power cut but for the last moments.
 *
 * @throws What IndexedDB throws, where it is not to be had.
 */
export async function openIndexedDb(profile: string): Promise<ProfileStorage> {
  let database: Promise<IDBPDatabase<Schema>> | undefined;
  let closed = false;
  const connect = (): Promise<IDBPDatabase<Schema>> => {
    if (closed) throw new ProclivityError('disposed', 'the recommender was disposed of');
    const drop = (): void => { database = undefined; };
    database ??= openDB<Schema>(DATABASE, VERSION, {
      upgrade(opened) {
        opened.createObjectStore('profiles');
        opened.createObjectStore('unreadable', { autoIncrement: true }).createIndex('profile', 'profile');
      },
      // A page with a newer version of this package waits for the older ones to let go; they open it anew when they next need it.
      blocking(_current, _blocked, event) {
        drop();
        (event.target as IDBDatabase).close();
      },
      terminated: drop,
    });
    database.catch(drop);
    return database;
  };
  await connect();

  const name = `${DATABASE}:${profile}`;
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined;
  const tell = (): void => { if (!closed) channel?.postMessage('written'); };

  return {
    async read() {
      return (await connect()).get('profiles', profile);
    },

    async write(stored, expected) {
      const change = (await connect()).transaction('profiles', 'readwrite');
      settle(change);
      const found = await change.store.get(profile);
      const current = revisionOf(found) === expected;
      if (current) await change.store.put(stored, profile);
      await change.done;
      if (current) tell();
      return current;
    },

    async clear() {
      const change = (await connect()).transaction(['profiles', 'unreadable'], 'readwrite');
      settle(change);
      const unreadable = change.objectStore('unreadable');
      const keys = await unreadable.index('profile').getAllKeys(profile);
      await Promise.all([change.objectStore('profiles').delete(profile), ...keys.map((key) => unreadable.delete(key)), change.done]);
      tell();
    },

    async setAside(record) {
      const change = (await connect()).transaction(['profiles', 'unreadable'], 'readwrite');
      settle(change);
      const [profiles, unreadable] = [change.objectStore('profiles'), change.objectStore('unreadable')];
      // Another page may have put a good one in its place.
      if (revisionOf(await profiles.get(profile)) === revisionOf(record)) {
        await profiles.delete(profile);
        await unreadable.add({ profile, time: Date.now(), record });
        const keys = await unreadable.index('profile').getAllKeys(profile);
        await Promise.all(keys.slice(0, -SET_ASIDE).map((key) => unreadable.delete(key)));
      }
      await change.done;
      tell();
    },

    // A lock only spares second tries: there is none in Node and on pages without HTTPS, and a page that hangs may hold it for long.
    async exclusively<T>(work: () => Promise<T>): Promise<T> {
      const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
      if (locks === undefined) return work();
      // Not AbortSignal.timeout, which Chrome and Edge have only from 103 on.
      const patience = new AbortController();
      const timer = setTimeout(() => { patience.abort(); }, PATIENCE);
      let began = false as boolean;
      try {
        return await locks.request(name, { signal: patience.signal }, () => {
          clearTimeout(timer);
          began = true;
          return work();
        });
      } catch (thrown) {
        if (began || !patience.signal.aborted) throw thrown;
        return await work();
      } finally {
        clearTimeout(timer);
      }
    },

    watch(changed) {
      // Pages in the back/forward cache hear of nothing.
      const shown = (event: PageTransitionEvent): void => { if (event.persisted) changed(); };
      channel?.addEventListener('message', changed);
      if (typeof window === 'object') window.addEventListener('pageshow', shown);
      return () => {
        channel?.removeEventListener('message', changed);
        if (typeof window === 'object') window.removeEventListener('pageshow', shown);
      };
    },

    close() {
      closed = true;
      channel?.close();
      database?.then((opened) => { opened.close(); }, () => undefined);
      database = undefined;
    },
  };
}

/** Lets a transaction that fails be told of by the request that failed alone. */
function settle(change: { done: Promise<void> }): void {
  change.done.catch(() => undefined);
}

/** Of what is stored, whatever it is; `null` for what has none. */
function revisionOf(record: unknown): unknown {
  return (record as Partial<StoredProfile> | null | undefined)?.revision ?? null;
}
