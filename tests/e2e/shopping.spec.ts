import { expect, test } from './support/shop.ts';

test('before the first event the shelf says what is popular', async ({ shop }) => {
  await shop.visit();
  expect(await shop.shelfIds()).toHaveLength(10);
  expect(new Set(await shop.reasons())).toEqual(new Set(['Popular here']));
});

test('search, add three products, buy: the shelf changes and names what was bought', async ({ shop, page }) => {
  await shop.visit();
  const before = await shop.shelfIds();

  const bought: string[] = [];
  for (const words of ['bananas', 'eggs large', 'white bread']) bought.push(await shop.addBySearch(words));
  await shop.clearSearch();
  await expect(page.locator('#open-cart')).toHaveAccessibleName('Cart 3 products');

  await page.locator('#open-cart').click();
  await expect(page.locator('#cart .line')).toHaveCount(3);
  await page.locator('#cart .line').first().getByRole('button', { name: /more$/ }).click();
  await expect(page.locator('#open-cart')).toHaveAccessibleName('Cart 4 products');
  await page.locator('#buy').click();
  await expect(page.getByText('Bought 3 products')).toBeVisible();
  await page.locator('#see-shelf').click();

  const after = await shop.shelfIds();
  expect(after).not.toEqual(before);
  const reasons = await shop.reasons();
  const named = reasons.filter((reason) =>
    bought.some((title) => reason === `Because you bought ${title.split(/,| \(/, 1)[0]}`));
  expect(named.length, reasons.join('\n')).toBeGreaterThanOrEqual(5);
  await expect(page.locator('#announcer')).toContainText('For you has changed');
});

test('what is in the cart leaves the shelf, and comes back out of it', async ({ shop, page }) => {
  await shop.visit();
  const [first] = await shop.shelfIds();
  await shop.shelf.locator('.card').first().getByRole('button', { name: /^Add / }).click();
  await expect(shop.shelf.locator(`[data-item-id="${first}"]`)).toHaveCount(0);
  await page.locator('#open-cart').click();
  await page.locator('#cart').getByRole('button', { name: /^Remove / }).click();
  await expect(page.getByText('Your cart is empty')).toBeVisible();
  await expect(shop.shelf.locator(`[data-item-id="${first}"]`)).toHaveCount(1);
  await expect(page.locator('.event')).toHaveCount(0);
});

test('the profile survives a reload, and nothing is left after forgetting it', async ({ shop, page }) => {
  await shop.visit();
  await shop.addBySearch('strawberries');
  await shop.clearSearch();
  await shop.buy();
  const learnt = await shop.shelfIds();

  await shop.reload();
  expect(await shop.shelfIds()).toEqual(learnt);
  expect((await shop.reasons()).some((reason) => reason.startsWith('Because you'))).toBe(true);

  await page.locator('#reset').click();
  await expect(page.getByText('It knows nothing yet')).toBeVisible();
  await shop.settled();
  expect(new Set(await shop.reasons())).toEqual(new Set(['Popular here']));
  expect(await page.evaluate(() => localStorage.getItem('shop'))).toBeNull();

  await shop.reload();
  expect(new Set(await shop.reasons())).toEqual(new Set(['Popular here']));
});

test('one event can be forgotten by itself', async ({ shop, page }) => {
  await shop.visit();
  const fresh = await shop.shelfIds();
  await shop.shelf.locator('.card-link').first().click();
  await expect(page.locator('.event')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await page.locator('.event').getByRole('button').click();
  await expect(page.locator('.event')).toHaveCount(0);
  expect(await shop.shelfIds()).toEqual(fresh);
});

test('"not this" takes a product off the shelf', async ({ shop }) => {
  await shop.visit();
  const [first] = await shop.shelfIds();
  const card = shop.shelf.locator('.card').first();
  await card.hover();
  await card.getByRole('button', { name: /^Not this/ }).click();
  await expect(shop.shelf.locator(`[data-item-id="${first}"]`)).toHaveCount(0);
});
