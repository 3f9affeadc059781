// A place to keep a profile in, shared by several recommenders as IndexedDB is by pages, and slow and failing where a test asks.

import type { ProfileStorage, StoredProfile } from '../src/index.js';

export class Place {
  record: unknown = undefined;
  setAside: unknown[] = [];
  writes = 0;
  conflicts = 0;
  /** Thrown by the next call of this name. */
  fail: Partial<Record<'read' | 'write' | 'clear', unknown>> = {};
  readonly #watchers = new Set<() => void>();

  /** As one page has it. */
  open(): ProfileStorage {
    let own: (() => void) | undefined;
    const others = (): void => { for (const watcher of this.#watchers) if (watcher !== own) watcher(); };
    return {
      read: async () => {
        await this.#take('read');
        return structuredClone(this.record);
      },
      write: async (profile: StoredProfile, expected: string | null) => {
        await this.#take('write');
        const there = (this.record as Partial<StoredProfile> | undefined)?.revision ?? null;
        if (there !== expected) {
          this.conflicts += 1;
          return false;
        }
        this.record = structuredClone(profile);
        this.writes += 1;
        others();
        return true;
      },
      clear: async () => {
        await this.#take('clear');
        this.record = undefined;
        this.setAside = [];
        others();
      },
      setAside: async (unreadable) => {
        await this.#take('clear');
        this.setAside.push(unreadable);
        this.record = undefined;
      },
      watch: (changed) => {
        own = changed;
        this.#watchers.add(changed);
        return () => { this.#watchers.delete(changed); };
      },
    };
  }

  get pages(): number {
    return this.#watchers.size;
  }

  /** What is stored, by the fake engine's format. */
  get history(): string[] {
    return (this.record as { state: { history: string[] } } | undefined)?.state.history ?? [];
  }

  async #take(call: 'read' | 'write' | 'clear'): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.floor(Math.random() * 3)));
    const problem = this.fail[call];
    if (problem === undefined) return;
    this.fail = {};
    throw problem as Error;
  }
}
