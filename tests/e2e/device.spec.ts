import { expect, test } from './support/shop.ts';

test('the panel tells what computes, how fast, how large, and that nothing was requested', async ({ shop, page, backend }) => {
  await shop.visit();
  await expect(page.locator('#requests')).toHaveText('0');
  await expect(page.locator('[data-fact=last]')).toHaveText(/^\d+(\.\d+)? ms$/);
  await expect(page.locator('[data-fact=median]')).toHaveText(/^\d+(\.\d+)? ms$/);
  await expect(page.locator('[data-fact=model]')).toHaveText(/^\d+(\.\d+)? (KB|MB)$/);
  await expect(page.locator('[data-fact=code]')).toHaveText(/^\d+ KB$/);
  await expect(page.locator('[data-fact=shop-code]')).toHaveText(/^\d+ KB$/);
  await expect(page.locator('[data-fact=golden]')).toHaveText(/^[1-9]\d*$/);
  await expect(page.locator('[data-fact=offline]')).toHaveText('yes');
  if (backend === 'webgpu') await expect(page.locator('[data-fact=adapter]')).not.toHaveText(/none/);
});

test('requests are really counted: a fetch, a beacon and an image make three, on the page and in this test', async ({ shop, page }) => {
  await shop.visit();
  await page.evaluate(async () => {
    await fetch('/theme.js');
    navigator.sendBeacon('/nowhere', 'x');
    const image = new Image();
    image.src = '/nothing.png';
    await new Promise((done) => { image.onerror = done; });
  });
  await expect(page.locator('#requests')).toHaveText('3');
  for (const path of ['/theme.js', '/nowhere', '/nothing.png']) {
    await expect.poll(() => shop.late.some((request) => request.startsWith('browser:') && request.endsWith(path))).toBe(true);
  }
  shop.late.length = 0; // these three were the test's own
});

test('switching the backend in the panel says why and gives the same shelf', async ({ shop, page, backend }) => {
  await shop.visit();
  await shop.addBySearch('bananas');
  await shop.clearSearch();
  await shop.buy();
  const other = backend === 'webgpu' ? 'cpu' : 'webgpu';
  await page.locator('.switch-choice').filter({ has: page.locator(`[value=${other}]`) }).click();
  await shop.runsOn(other);
  await expect(page.locator('#backend-reason')).not.toBeEmpty();
  await page.getByRole('button', { name: /^Forget: Added/ }).click(); // the other backend ranks, from the purchase alone
  await expect(page.locator('.event')).toHaveCount(1);
  const ids = await shop.shelfIds();

  await shop.reload(); // back on the project's backend
  expect(await shop.shelfIds()).toEqual(ids);
});

test('another model ranks the shelf anew, for the same profile, on the same backend', async ({ shop, page, backend }) => {
  await shop.visit();
  await shop.addBySearch('bananas');
  await shop.clearSearch();
  await shop.buy();
  const ids = await shop.shelfIds();
  const switchTo = (model: string) => page.locator('.switch-choice').filter({ has: page.locator(`[value=${model}]`) }).click();
  await switchTo('sequence');
  await expect(page.locator('[data-fact=family]')).toHaveText('sasrec');
  await shop.runsOn(backend);
  await expect.poll(() => shop.shelfIds()).not.toEqual(ids);
  expect((await shop.shelfIds()).length).toBe(ids.length);
  await expect(page.locator('.event')).toHaveCount(2);
  await expect(page.locator('#requests')).toHaveText('1');
  shop.late.length = 0; // the model asked for
  await switchTo('neighbours');
  await expect(page.locator('[data-fact=family]')).toHaveText(/^als/);
  await expect.poll(() => shop.shelfIds()).toEqual(ids);
  shop.late.length = 0;
});

test('where there is no GPU the CPU takes over and the panel says why', async ({ page, server, backend }) => {
  test.skip(backend === 'cpu', 'the CPU asks for no GPU');
  await page.addInitScript(() => { Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }); });
  await page.goto(`${server.address}/?backend=webgpu`);
  await expect(page.locator('html')).toHaveAttribute('data-state', 'open', { timeout: 45_000 });
  await expect(page.locator('input[name=backend][value=cpu]')).toBeChecked();
  await expect(page.locator('#backend-reason')).not.toBeEmpty();
  await page.locator('.switch-choice').filter({ has: page.locator('[value=webgpu]') }).click();
  await expect(page.locator('input[name=backend][value=cpu]')).toBeChecked();
  await expect(page.locator('#for-you .card')).toHaveCount(10);
});

test('left to choose, the shop opens on the CPU, tries the GPU, says what was faster, and knows it on the next visit', async ({ page, server, backend }) => {
  test.skip(backend === 'cpu', 'the same on both');
  const reason = page.locator('#backend-reason');
  await page.goto(server.address);
  await expect(page.locator('html')).toHaveAttribute('data-state', 'open', { timeout: 45_000 });
  await expect(reason).toContainText(/Faster on this device: an answer takes .* ms on the |The GPU was not ready within/, { timeout: 30_000 });
  const stored = await page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith('proclivity:backend:')));
  expect(stored).toHaveLength(1);

  await page.addInitScript(() => {
    const gpu = (navigator as unknown as { gpu: { requestAdapter: (...given: unknown[]) => unknown } }).gpu;
    const ask = gpu.requestAdapter.bind(gpu);
    gpu.requestAdapter = (...given) => {
      document.documentElement.dataset.asked = 'yes';
      return ask(...given);
    };
  });
  await page.reload();
  await expect(reason).toContainText('(measured on ', { timeout: 30_000 });
  // A faster CPU asks for no adapter; a faster GPU needs one.
  const onCpu = await page.locator('input[name=backend][value=cpu]').isChecked();
  expect(await page.locator('html').getAttribute('data-asked')).toBe(onCpu ? null : 'yes');
});
