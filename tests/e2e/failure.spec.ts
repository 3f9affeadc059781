import { expect, test } from './support/shop.ts';

test.use({ serviceWorkers: 'block' });

test('a missing model is told in words, with a way to try again', async ({ page, server }) => {
  await page.route('**/model.safetensors', (route) => route.fulfill({ status: 404, body: 'Not found' }));
  await page.goto(server.address);
  await expect(page.getByRole('heading', { name: 'The model is missing' })).toBeFocused();
  await page.unroute('**/model.safetensors');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-state', 'open', { timeout: 45_000 });
});

test('a damaged model is refused, and the reason is shown', async ({ page, server }) => {
  await page.route('**/model.safetensors', (route) => route.fulfill({ status: 200, body: Buffer.alloc(4096, 7) }));
  await page.goto(server.address);
  await expect(page.getByRole('heading', { name: 'The shop could not open' })).toBeVisible();
  await expect(page.locator('.screen-code')).not.toBeEmpty();
});

test('a browser without WebAssembly is told so', async ({ page, server }) => {
  await page.addInitScript(() => { Reflect.deleteProperty(globalThis, 'WebAssembly'); });
  await page.goto(server.address);
  await expect(page.getByRole('heading', { name: 'This browser cannot run the shop' })).toBeVisible();
});

test('the loading bar follows the model as it arrives', async ({ page, server }) => {
  const seen: number[] = [];
  await page.exposeFunction('saw', (value: number) => { seen.push(value); });
  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => {
      const bar = document.querySelector<HTMLProgressElement>('#loading-bar');
      if (!bar) return;
      const { saw } = globalThis as unknown as { saw(value: number): Promise<void> };
      new MutationObserver(() => void saw(bar.value)).observe(bar, { attributeFilter: ['value'] });
    });
  });
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: 700_000, uploadThroughput: 700_000 });
  await page.goto(server.address);
  await expect(page.locator('html')).toHaveAttribute('data-state', 'open', { timeout: 45_000 });
  expect(seen.filter((value) => value > 0 && value < 1).length).toBeGreaterThan(2);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

for (const text of ['{"cart":5}', '{"cart":[["27971",0]]}', '[]', 'not JSON']) {
  test(`a saved visit that cannot be read is set aside, and the shop opens fresh: ${text}`, async ({ page, server }) => {
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    await page.addInitScript((saved) => { localStorage.setItem('shop', saved); }, text);
    await page.goto(`${server.address}/?backend=cpu`);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'open', { timeout: 45_000 });
    await expect(page.getByText('It knows nothing yet')).toBeVisible();
    expect(await page.evaluate(() => localStorage.getItem('shop-unreadable'))).toBe(text);
    expect(told.join('\n')).toContain('starting fresh');
  });
}

test('an address that cannot be read is refused, and the server goes on', async ({ request, server }) => {
  for (const path of ['/%E0%A4%A', '//']) expect((await request.get(`${server.address}${path}`)).status(), path).toBe(400);
  expect((await request.get(server.address)).status()).toBe(200);
});
