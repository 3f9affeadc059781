// Takes the README's pictures of the built shop: docs/images/*.png, each under 250 KB.
import { chromium } from '@playwright/test';
import { mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LAUNCH, openShop } from './support/browser.mjs';
import { buyKnown, opened } from './support/purchase.mjs';

const FOLDER = resolve(import.meta.dirname, '../../docs/images');
const LARGEST = 250_000;
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const pictures = [
  { name: 'shop-light', ...DESKTOP, colorScheme: 'light' },
  { name: 'shop-dark', ...DESKTOP, colorScheme: 'dark' },
  { name: 'shop-phone', ...PHONE, colorScheme: 'light' },
];

const shop = await openShop();
const browser = await chromium.launch(LAUNCH);
try {
  await mkdir(FOLDER, { recursive: true });
  for (const { name, ...options } of pictures) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(shop.address);
    await opened(page);
    await buyKnown(page); // so that the shelf has its reasons
    await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
    await page.waitForTimeout(800); // cards glide to their places
    const path = resolve(FOLDER, `${name}.png`);
    await page.screenshot({ path });
    const { size } = await stat(path);
    console.log(`docs/images/${name}.png  ${Math.round(size / 1000)} KB`);
    if (size > LARGEST) throw new Error(`expected at most ${LARGEST} bytes, found ${size} in ${path}; take it smaller`);
    await context.close();
  }
} finally {
  await browser.close();
  await shop.close();
}
