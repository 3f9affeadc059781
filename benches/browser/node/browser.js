// The system's Chromium with the arguments of webdriver.json, which the tests use too.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const settings = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../webdriver.json'), 'utf8'));

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: settings['goog:chromeOptions'].args.filter((flag) => !flag.startsWith('--headless')),
  });
}

/** A page of its own context, with an empty cache; closed when `use` is done. */
export async function withPage(browser, url, use) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    page.on('pageerror', (error) => console.error(`  the page: ${error.message}`));
    await page.goto(url);
    return await use(page);
  } finally {
    await context.close();
  }
}
