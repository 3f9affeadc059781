// Importing is free of effects: nothing global is read or made until load.

import { describe, expect, it, vi } from 'vitest';

describe('importing the package', () => {
  it('works with no browser globals and no network', async () => {
    for (const name of ['window', 'document', 'navigator', 'location', 'Worker', 'fetch', 'WebAssembly', 'crypto', 'performance']) {
      vi.stubGlobal(name, undefined);
    }
    const before = Object.getOwnPropertyNames(globalThis).sort();
    const module = await import('../src/index.js');
    expect(Object.keys(module).sort()).toEqual(['ProclivityError', 'Recommender']);
    expect(Object.getOwnPropertyNames(globalThis).sort()).toEqual(before);
    vi.unstubAllGlobals();
  });
});
