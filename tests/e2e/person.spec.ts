// What the visitor decides, and what the shop knows of them: on this page, on another one, and over time.
import { readFile } from 'node:fs/promises';
import { expect, Shop, test } from './support/shop.ts';

test('variety and surprise change the shelf at once, the trace says how, and back is back', async ({ shop, page }) => {
  await shop.visit();
  await shop.addBySearch('bananas');
  await shop.clearSearch();
  await shop.buy();
  const plain = await shop.shelfIds();
  const slide = async (name: string, key: 'End' | 'Home') => {
    await page.locator(`.wish input[name=${name}]`).press(key);
    return shop.shelfIds();
  };
  await page.locator('.trace summary').click();
  await expect(page.locator('.trace-stages li')).not.toHaveCount(0);
  const stages = await page.locator('.trace-stages li').evaluateAll((all) => all.map((stage) => (stage as HTMLElement).dataset.stage));
  expect(stages).toEqual(['scores', 'filter', 'seen']);
  await expect(page.locator('.trace-stages [data-stage=scores]')).toContainText('products)');

  await expect.poll(() => slide('diversity', 'End')).not.toEqual(plain);
  await expect(page.locator('.trace-stages [data-stage=diversity]')).toBeVisible();
  await expect.poll(() => slide('diversity', 'Home')).toEqual(plain);
  await expect.poll(() => slide('novelty', 'End')).not.toEqual(plain);
  await expect(page.locator('.trace-stages [data-stage=novelty]')).toBeVisible();
  await expect.poll(() => slide('novelty', 'Home')).toEqual(plain);
});

test('another tab of the shop follows', async ({ shop, page, context, server, backend }) => {
  await shop.visit();
  const tab = await context.newPage();
  const other = new Shop(tab, server.address, backend);
  await other.visit();
  const before = await other.shelfIds();
  await shop.addBySearch('strawberries');
  await shop.clearSearch();
  await shop.buy();
  await expect(tab.locator('.event')).toHaveCount(2);
  await expect.poll(() => other.shelfIds()).not.toEqual(before);
  await tab.locator('#reset').click();
  await expect(page.getByText('It knows nothing yet')).toBeVisible();
  await expect.poll(() => other.shelfIds()).toEqual(before);
  shop.late.length = 0; // the tab was loaded after the shop had opened
});

test('opinions and the cart say what is, whoever changed it', async ({ shop, page, context, server, backend }) => {
  await shop.visit();
  const like = page.locator('.grid [data-opinion=bookmark]').first();
  await like.dblclick(); // liked, and taken back
  await expect(like).toHaveAttribute('aria-pressed', 'false');
  await expect(page.locator('.event')).toHaveCount(0);
  await like.click();
  await expect(page.locator('.event')).toHaveCount(1);

  const tab = await context.newPage();
  const other = new Shop(tab, server.address, backend);
  await other.visit();
  const liked = tab.locator('.grid [data-opinion=bookmark]').first();
  await expect(liked).toHaveAttribute('aria-pressed', 'true');
  await shop.shelf.locator('.card').first().getByRole('button', { name: /^Add / }).click();
  await expect(tab.locator('#open-cart')).toHaveAccessibleName('Cart 1 product');
  await page.locator('#reset').click();
  await expect(page.locator('.knowledge h3')).toBeFocused(); // there is nothing left to forget
  await expect(like).toHaveAttribute('aria-pressed', 'false');
  await expect(liked).toHaveAttribute('aria-pressed', 'false');
  await expect(tab.locator('#open-cart')).toHaveAccessibleName(/empty/);
  shop.late.length = 0;
});

test('what is said while a drawer is open is said in it', async ({ shop, page }) => {
  await shop.visit();
  await shop.shelf.locator('.card').first().getByRole('button', { name: /^Add / }).click();
  await page.locator('#open-cart').click();
  await page.locator('#buy').click();
  await expect(page.locator('dialog[open] [data-announcer]')).toContainText('Bought 1 product');
});

test('the shop says when a nudge would come', async ({ shop, page }) => {
  await shop.visit();
  const nudge = page.locator('#nudge');
  await expect(nudge).toHaveText(/^\w+day, \d+ [AP]M to \d+ [AP]M: \d+\.\d times as likely .*, as most shoppers do\.$/);
  await shop.addBySearch('bananas');
  await expect(nudge).toHaveText(/\d+ % from your own visits\.$/);
  // From five to ten in the evening, or from seven in the morning to noon.
  await page.locator('#nudge-when').selectOption('in the evening');
  await expect(nudge).toHaveText(/^\w+day, [5-9] PM to /);
  await page.locator('#nudge-when').selectOption('in the morning');
  await expect(nudge).toHaveText(/^\w+day, ([7-9]|1[01]) AM to /);
  // What came of one now is told, and kept.
  for (const answer of ['I would open it', 'I would not']) {
    await page.getByRole('button', { name: answer }).click();
    await expect(page.locator('#announcer')).toContainText(`Noted: ${answer.toLowerCase()}`);
  }
  const download = page.waitForEvent('download');
  await page.locator('#export').click();
  const { pushes } = JSON.parse(await readFile(await (await download).path(), 'utf8')) as { pushes: { opened: boolean }[] };
  expect(pushes.map(({ opened }) => opened)).toEqual([true, false]);
});

test('the shop says when nothing can be kept', async ({ shop, page }) => {
  await page.addInitScript(() => { Object.defineProperty(window, 'indexedDB', { value: undefined }); });
  await shop.visit();
  await expect(page.locator('#problem')).toHaveText('What you do here cannot be kept for later.');
  await shop.addBySearch('bananas');
  await expect(page.locator('.belief')).toHaveCount(1);
});

test('beliefs are bars, each can be taken back, and all of it can be taken along', async ({ shop, page }) => {
  await shop.visit();
  await expect(page.locator('.belief')).toHaveCount(0);
  for (const product of ['bananas', 'yogurt']) {
    await shop.addBySearch(product);
    await shop.clearSearch();
  }
  await expect(page.locator('.belief')).toHaveCount(2);
  const shares = await page.locator('.belief-share').allTextContents();
  expect(shares.reduce((sum, share) => sum + parseFloat(share), 0)).toBeCloseTo(100, -0.5);
  const shelf = await shop.shelfIds();

  const download = page.waitForEvent('download');
  await page.locator('#export').click();
  const file = await (await download).path();
  await page.locator('.belief[data-value=Produce] button').click();
  await expect(page.locator('.belief')).toHaveCount(1);
  await expect(page.locator('.belief[data-value=Produce]')).toHaveCount(0);
  await expect.poll(() => shop.shelfIds()).not.toEqual(shelf);
  await page.locator('#reset').click();
  await expect(page.locator('.belief')).toHaveCount(0);

  await page.locator('#import-file').setInputFiles(file);
  await expect(page.locator('.belief')).toHaveCount(2);
  await page.locator('#import-file').setInputFiles({ name: 'profile.json', mimeType: 'application/json', buffer: Buffer.from('{"version":99}') });
  await expect(page.locator('.profile-note')).toContainText('This file is no profile');
  await expect(page.locator('.belief')).toHaveCount(2);
});
