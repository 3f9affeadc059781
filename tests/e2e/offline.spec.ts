import { expect, test } from './support/shop.ts';

test('after a reload with the network cut the shop opens, recommends and learns', async ({ shop, page, context }) => {
  await shop.visit();
  await shop.addBySearch('bananas');
  await shop.clearSearch();
  await shop.buy();
  const before = await shop.shelfIds();

  await context.setOffline(true);
  await shop.reload();
  expect(await shop.shelfIds()).toEqual(before);
  await shop.addBySearch('eggs');
  await shop.clearSearch();
  await shop.buy();
  expect(await shop.shelfIds()).not.toEqual(before);
  await expect(page.locator('#requests')).toHaveText('0');
});

test('the server is not asked again when a visitor comes back', async ({ shop, server, page }) => {
  await shop.visit();
  const asked: string[] = [];
  const hear = (path: string) => { asked.push(path); };
  server.requests.add(hear);
  await shop.reload();
  await page.waitForTimeout(3000); // the browser looks for a newer service worker after a second or so
  server.requests.delete(hear);
  expect(asked.filter((path) => path !== '/sw.js')).toEqual([]);
});
