import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './support/shop.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`${colorScheme} scheme`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('meets WCAG 2.2 AA: the shop, a learnt shelf, a product, the cart', async ({ shop, page }) => {
      await shop.visit();
      const violations = async () => (await new AxeBuilder({ page }).withTags(RULES).analyze()).violations
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(' ')}`);
      expect(await violations()).toEqual([]);
      await shop.addBySearch('bananas');
      await shop.clearSearch();
      expect(await violations()).toEqual([]);
      await page.locator('#open-cart').click();
      expect(await violations()).toEqual([]);
      await page.keyboard.press('Escape');
      await shop.shelf.locator('.card-link').first().click();
      await expect(page.locator('#product .grid-small .card')).toHaveCount(6);
      expect(await violations()).toEqual([]);
    });

    test('takes the system’s scheme, and the button takes the other, also after a reload', async ({ shop, page }) => {
      await shop.visit();
      const lightness = () => page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d');
        if (!canvas) throw new Error('no canvas');
        canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data[1] ?? 0;
      });
      const isDark = async () => (await lightness()) < 128;
      expect(await isDark()).toBe(colorScheme === 'dark');
      await page.locator('#theme').click();
      expect(await isDark()).toBe(colorScheme === 'light');
      await shop.reload();
      expect(await isDark()).toBe(colorScheme === 'light');
    });
  });
}

test('a whole purchase with the keyboard alone', async ({ shop, page }) => {
  await shop.visit();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to For you' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#for-you')).toBeFocused();
  await page.keyboard.press('Tab');
  const links = shop.shelf.locator('.card-link');
  await expect(links.first()).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(links.nth(6)).toBeFocused();

  await page.keyboard.press('/');
  await expect(page.locator('#search')).toBeFocused();
  await page.keyboard.type('bananas');
  await expect(page.locator('#products')).toHaveAttribute('data-query', 'bananas');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('#products .card-link').first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#product')).toBeVisible();
  const add = page.locator('#product .drawer-buy [data-add]');
  for (let tabs = 0; tabs < 8 && !(await add.evaluate((button) => button === document.activeElement)); tabs += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('#product .drawer-buy .stepper-count')).toHaveText('1');
  await expect(page.locator('#product .drawer-buy [data-add]')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('#product')).toBeHidden();
  await expect(page.locator('#products .card-link').first()).toBeFocused();

  await page.locator('#open-cart').focus();
  await page.keyboard.press('Enter');
  const buy = page.locator('#buy');
  for (let tabs = 0; tabs < 8 && !(await buy.evaluate((button) => button === document.activeElement)); tabs += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('#see-shelf')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#for-you')).toBeFocused();
  await shop.settled();
  expect((await shop.reasons()).some((reason) => reason.includes('Bananas'))).toBe(true);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('nothing sticks out sideways, and a product can be bought with taps', async ({ shop, page }) => {
    await shop.visit();
    const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await sideways()).toBe(0);
    await shop.shelf.getByRole('button', { name: /^Add / }).first().tap();
    await page.locator('#open-cart').tap();
    await page.locator('#buy').tap();
    await page.locator('#see-shelf').tap();
    await shop.settled();
    expect((await shop.reasons()).some((reason) => reason.startsWith('Because you bought'))).toBe(true);
    await page.locator('#device summary').tap();
    await expect(page.locator('#requests')).toBeVisible();
    await expect(page.locator('#requests')).toHaveText('0');
    expect(await sideways()).toBe(0);
    const small = await page.locator('.button-add, .icon-button.opinion, .step').evaluateAll((buttons) =>
      buttons.filter((button) => {
        const { width, height } = button.getBoundingClientRect();
        return width > 0 && Math.min(width, height) < 24;
      }).length);
    expect(small, 'targets under 24 px').toBe(0);
  });
});
