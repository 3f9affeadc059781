import { KNOWN } from './support/browser.mjs';
import { expect, test } from './support/shop.ts';

test('search finds by the beginnings of words, and says when it finds nothing', async ({ shop, page }) => {
  await shop.visit();
  await page.locator('#search').fill('choc milk');
  await expect(page.locator('#products-title')).toHaveText('Results for “choc milk”');
  const titles = await page.locator('#products .card-link').allTextContents();
  expect(titles.length).toBeGreaterThan(0);
  for (const title of titles.slice(0, 5)) expect(title).toMatch(/choc.*milk|milk.*choc/i);

  await page.locator('#search').fill('zzzz');
  await expect(page.getByText('No product matches')).toBeVisible();
  await expect(page.locator('#announcer')).toHaveText('0 products for zzzz');
});

test('ten thousand titles are searched as one types, and no more is drawn than can be looked at', async ({ shop, page }) => {
  await shop.visit();
  const shown = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>('#search');
    const products = document.querySelector<HTMLElement>('#products');
    if (!input || !products) throw new Error('no search field, or no place for what it finds');
    const shown = [];
    for (const word of ['b', 'br', 'bre', 'brea', 'bread', 'm', 'mi', 'mil', 'milk']) {
      input.value = word;
      input.dispatchEvent(new Event('input'));
      await new Promise((done) => setTimeout(done)); // drawn at once: nothing waits for a pause in typing
      shown.push({ word, query: products.dataset.query, cards: products.querySelectorAll('.card').length });
    }
    return shown;
  });
  for (const { word, query, cards } of shown) {
    expect(query).toBe(word);
    expect(cards).toBeGreaterThan(0);
    expect(cards).toBeLessThanOrEqual(100);
  }
});

test('a department and a category narrow the products; prices sort', async ({ shop, page }) => {
  await shop.visit();
  await page.getByRole('navigation', { name: 'Departments' }).getByRole('link', { name: 'Produce', exact: true }).click();
  await expect(page.locator('#products-title')).toHaveText('Produce');
  await page.getByRole('navigation', { name: 'Categories' }).getByRole('link', { name: 'Apples' }).click();
  await expect(page.locator('#products-title')).toHaveText('Apples');
  await expect(page.locator('#products .card-category').first()).toHaveText('Apples');
  expect(new Set(await page.locator('#products .card-category').allTextContents())).toEqual(new Set(['Apples']));

  await page.locator('#order').selectOption('low');
  await expect.poll(async () => {
    const prices = (await page.locator('#products .price').allTextContents()).map((text) => Number(text.replace('$', '')));
    return prices.length > 1 && prices.every((price, at) => at === 0 || price >= (prices[at - 1] ?? 0));
  }).toBe(true);

  await page.goBack();
  await expect(page.locator('#products-title')).toHaveText('Produce');
});

test('a product opens with what is similar, counts as viewed, and closes with Escape', async ({ shop, page }) => {
  await shop.visit();
  await page.locator('#search').fill('bananas');
  await page.locator(`#products [data-item-id="${KNOWN.bananas}"] .card-link`).click();
  const drawer = page.locator('#product');
  await expect(drawer).toBeVisible();
  await expect(drawer.getByRole('heading', { level: 2 })).toContainText('Bananas');
  await expect(drawer.locator('.grid-small .card')).toHaveCount(6);
  await expect(page.locator('.event[data-event=view]')).toContainText('Bananas');
  const ids = await drawer.locator('.grid-small .card').evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.itemId));
  expect(ids).not.toContain(KNOWN.bananas);

  const next = await drawer.locator('.grid-small .card-link').first().innerText();
  await drawer.locator('.grid-small .card-link').first().click();
  await expect(drawer.getByRole('heading', { level: 2 })).toHaveText(next);
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  await shop.settled();
  expect((await shop.reasons()).some((reason) => reason.startsWith('Because you viewed'))).toBe(true);
});

test('a link to a product opens it', async ({ shop, page }) => {
  await shop.visit(`/#item=${KNOWN.eggs}`);
  await expect(page.locator('#product').getByRole('heading', { level: 2 })).toContainText('Eggs');
});
