// Every family, trained by one command on the embedded data (scripts/build-families.sh), gives in the browser the lists that it gives
// natively, on the GPU and on the CPU.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import { serve } from '../../www/serve.mjs';
import type { ShopOptions } from './support/shop.ts';
import type { Recommender as RecommenderClass } from '../../npm/src/index.ts';

const folder = process.env.FAMILIES ?? '';
if (folder === '') throw new Error('expected FAMILIES, the folder that scripts/build-families.sh made; run scripts/test-e2e.sh');
const families = readdirSync(folder).filter((file) => file.endsWith('.safetensors')).map((file) => file.replace('.safetensors', ''));

const test = base.extend<ShopOptions>({ backend: ['cpu', { option: true }] });
let server: Awaited<ReturnType<typeof serve>>;

test.beforeAll(async () => {
  server = await serve({ root: join(import.meta.dirname, '../../npm') });
});
test.afterAll(async () => {
  await server.close();
});

test('there is a model of every family', () => {
  expect(families.toSorted()).toEqual(
    ['content', 'deepfm', 'fm', 'gmf', 'gru4rec', 'hybrid', 'mlp', 'mult-vae', 'neumf', 'sasrec', 'two-tower'],
  );
});

for (const family of families) {
  test(`${family} gives the lists of the trainer`, async ({ page, backend }) => {
    await page.route('**/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>families</title>' }));
    await page.route('**/model', (route) => route.fulfill({ contentType: 'application/octet-stream', body: readFileSync(join(folder, `${family}.safetensors`)) }));
    await page.goto(server.address);
    const lists = readdirSync(folder).filter((file) => file.startsWith(`${family}.`) && file.endsWith('.json'));
    const histories = lists.map((file) => file.split('.')[1]!.split('-').filter(Boolean));
    expect(histories.map(({ length }) => length).toSorted()).toEqual([0, 1, 5]);
    const found = await page.evaluate(
      async ({ histories, backend }) => {
        const module: string = '/dist/index.js';
        const { Recommender } = (await import(module)) as { Recommender: typeof RecommenderClass };
        const recommender = await Recommender.load('/model', { backend });
        const answers = [];
        for (const history of histories) {
          await recommender.forget();
          for (const itemId of history) await recommender.observe({ type: 'purchase', itemId });
          answers.push((await recommender.recommend({ count: 10, context: { hour: 18, weekday: 5 } })).items);
        }
        return { info: recommender.info(), answers };
      },
      { histories, backend },
    );
    expect(found.info, found.info.reason).toMatchObject({ backend });
    for (const [n, file] of lists.entries()) {
      const { items } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { items: { id: string; score: number }[] };
      expect(found.answers[n]!.map(({ id }) => id), file).toEqual(items.map(({ id }) => id));
      for (const [place, { score }] of items.entries()) {
        expect(Math.abs(found.answers[n]![place]!.score - score)).toBeLessThan(1e-4 * Math.max(1, Math.abs(score)));
      }
    }
  });
}
