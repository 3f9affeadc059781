// Drives the built shop headless, once on WebGPU and once on the CPU: buys three products as a visitor
// would and prints the ten titles then recommended. Fails unless each run is on the backend it asked
// for and both lists are the same, in the same order.
import { chromium } from '@playwright/test';
import { LAUNCH, openShop } from './support/browser.mjs';
import { buyKnown, opened } from './support/purchase.mjs';

/** Opens the shop on `backend`, buys the known products, and reads backend and shelf from the page. */
async function buyAndRead(browser, address, backend) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(`${address}/?backend=${backend}`);
    await opened(page);
    await buyKnown(page);

    const cards = await page.locator('#for-you .card').evaluateAll((elements) =>
      elements.map((card) => ({
        id: card.dataset.itemId,
        title: card.querySelector('.card-link').textContent,
        reason: card.querySelector('.reason').textContent,
      })));
    return {
      backend: await page.locator('input[name=backend]:checked').getAttribute('value'),
      why: await page.locator('#backend-reason').textContent(),
      adapter: await page.locator('[data-fact=adapter]').textContent(),
      millis: await page.locator('[data-fact=median]').textContent(),
      requests: Number(await page.locator('#requests').textContent()),
      cards,
    };
  } finally {
    await context.close();
  }
}

function print(asked, { backend, adapter, millis, requests, cards }) {
  console.log(`\n${asked}: ran on ${backend} (${adapter}), median ${millis} a query, ${requests} requests since load`);
  for (const [at, { id, title, reason }] of cards.entries()) {
    console.log(`${String(at + 1).padStart(4)}  ${id.padEnd(7)}${title.padEnd(48)}  ${reason}`);
  }
}

const shop = await openShop();
const browser = await chromium.launch(LAUNCH);
const faults = [];
try {
  const lists = [];
  for (const asked of ['webgpu', 'cpu']) {
    const run = await buyAndRead(browser, shop.address, asked);
    print(asked, run);
    lists.push(run.cards.map(({ id }) => id).join(' '));
    if (run.backend !== asked) faults.push(`expected backend ${asked}, found ${run.backend}: ${run.why}`);
    if (run.cards.length !== 10) faults.push(`expected 10 recommendations on ${asked}, found ${run.cards.length}`);
    if (run.requests !== 0) faults.push(`expected 0 requests since load on ${asked}, found ${run.requests}`);
  }
  if (lists[0] !== lists[1]) faults.push(`expected the same ids on both backends, found\n  webgpu ${lists[0]}\n  cpu    ${lists[1]}`);
} finally {
  await browser.close();
  await shop.close();
}
for (const fault of faults) console.error(`demo check: ${fault}`);
console.log(faults.length === 0 ? '\ndemo check: the same ten products on both backends' : '');
process.exitCode = faults.length === 0 ? 0 : 1;
