import { KNOWN } from './browser.mjs';

const PATIENCE = { timeout: 60_000 };

/** Waits until the shop is open; throws what it says where it could not open. */
export async function opened(page) {
  await page.locator('html[data-state]').waitFor(PATIENCE);
  const state = await page.locator('html').getAttribute('data-state');
  if (state !== 'open') throw new Error(`the shop did not open: ${await page.locator('main').innerText()}`);
}

/** Opens each of the known products by its address, adds it, buys all, and waits for the shelf to follow. */
export async function buyKnown(page) {
  for (const id of Object.values(KNOWN)) {
    await page.evaluate((item) => { location.hash = `item=${item}`; }, id);
    const buy = page.locator(`#product .drawer-buy [data-buy="${id}"]`);
    await buy.locator('.button-add').click(PATIENCE);
    await buy.locator('.stepper').waitFor(PATIENCE);
    await page.keyboard.press('Escape');
    await page.locator('#product').waitFor({ state: 'hidden', ...PATIENCE });
  }
  await page.locator('#open-cart').click();
  await page.locator('#buy').click();
  await page.locator('#see-shelf').click(PATIENCE);
  await page.locator('#for-you .shelf[aria-busy=false]').waitFor(PATIENCE);
}
