import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import type { LoadOptions, Recommender } from '../../../npm/src/index.ts';
import { openBare } from './bare.mjs';

declare global {
  interface Window {
    /** The recommender of the page, and what `onProblem` was told. */
    live: Recommender;
    problems: string[];
    ids: string[];
  }
}

/** Pages with a recommender whose profile is kept in IndexedDB. */
export class Bare {
  constructor(readonly context: BrowserContext, readonly address: string) {}

  /** A tab whose recommender is loaded. */
  async open(options: LoadOptions = {}): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(this.address);
    await page.evaluate(async (given) => {
      const { Recommender } = (await import(/* of the page's import map */ 'proclivity' as string)) as typeof import('../../../npm/src/index.ts');
      window.problems = [];
      window.live = await Recommender.load('/model.safetensors', {
        backend: 'cpu', storage: 'indexeddb', onProblem: ({ code, message }) => { window.problems.push(`${code}: ${message}`); }, ...given,
      });
      window.ids = (await window.live.catalogue()).ids;
    }, options);
    return page;
  }
}

/** Which of these items, by their place in the catalogue, the page's profile does not hold as bought. */
export function missing(page: Page, items: number[]): Promise<number[]> {
  if (items.length === 0) return Promise.resolve([]);
  return page.evaluate(async (asked) => {
    const include = asked.map((item) => window.ids[item]!);
    const { items } = await window.live.recommend({ count: include.length, include, explain: false });
    return items.map(({ id }) => window.ids.indexOf(id));
  }, items);
}

/** A new browser context for each test, one server for all. */
export const test = base.extend<{ bare: Bare }, { address: string }>({
  address: [
    async ({}, use) => {
      const { address, close } = await openBare();
      await use(address);
      await close();
    },
    { scope: 'worker' },
  ],
  bare: async ({ context, address }, use) => {
    await use(new Bare(context, address));
  },
});

export { expect };
