import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { openShop } from './browser.mjs';

export interface ShopOptions {
  /** The backend a project runs on. A page that does not get it fails its test. */
  backend: 'webgpu' | 'cpu';
}

/** The shop as a test handles it. */
export class Shop {
  /** Requests after the shop had opened, as the browser reports them and as the server receives them. */
  readonly late: string[] = [];
  private open = false;

  constructor(readonly page: Page, readonly address: string, readonly backend: ShopOptions['backend']) {
    page.context().on('request', (request) => { this.note(`browser: ${request.method()} ${request.url()}`); });
  }

  note(request: string): void {
    if (this.open) this.late.push(request);
  }

  /** Opens the shop, waits until all is loaded, and checks that the project's backend is really the one at work. */
  async visit(path = ''): Promise<void> {
    this.open = false;
    const url = new URL(path, this.address);
    url.searchParams.set('backend', this.backend);
    await this.page.goto(url.href);
    await this.ready();
  }

  async reload(): Promise<void> {
    this.open = false;
    await this.page.reload();
    await this.ready();
  }

  private async ready(): Promise<void> {
    await expect(this.page.locator('html')).toHaveAttribute('data-state', /./, { timeout: 45_000 });
    expect(await this.page.locator('html').getAttribute('data-state'), await this.page.locator('body').innerText()).toBe('open');
    this.open = true;
    await this.settled();
    await this.runsOn(this.backend);
  }

  /** The For you shelf has finished changing. */
  async settled(): Promise<void> {
    await expect(this.shelf).toHaveAttribute('aria-busy', 'false');
  }

  /** `backend` computes, by what the engine itself reports. */
  async runsOn(backend: ShopOptions['backend']): Promise<void> {
    const reason = (await this.page.locator('#backend-reason').textContent()) ?? '';
    await expect(this.page.locator(`input[name=backend][value=${backend}]`), reason).toBeChecked();
    const kernels = this.page.locator('[data-fact=kernels]');
    if (backend === 'webgpu') await expect(kernels).toHaveText(/^wgsl(\+dp4a)?$/);
    else await expect(kernels).toHaveText(/^(relaxed-simd|simd128|scalar)$/);
  }

  get shelf(): Locator {
    return this.page.locator('#for-you .shelf');
  }

  async shelfIds(): Promise<string[]> {
    await this.settled();
    return this.shelf.locator('.card').evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.itemId ?? ''));
  }

  reasons(): Promise<string[]> {
    return this.shelf.locator('.reason').allTextContents();
  }

  /** Finds a product by typing its name, and puts the first hit in the cart. Returns its title. */
  async addBySearch(words: string): Promise<string> {
    await this.page.locator('#search').fill(words);
    await expect(this.page.locator('#products')).toHaveAttribute('data-query', words);
    const card = this.page.locator('#products .card').first();
    const title = await card.locator('.card-link').innerText();
    await card.getByRole('button', { name: /^Add / }).click();
    await expect(card.locator('.stepper-count')).toHaveText('1');
    return title;
  }

  async clearSearch(): Promise<void> {
    await this.page.locator('#search').press('Escape');
    await expect(this.shelf).toBeVisible();
  }

  /** Buys what is in the cart and goes back to the shelf. */
  async buy(): Promise<void> {
    await this.page.locator('#open-cart').click();
    await this.page.locator('#buy').click();
    await this.page.locator('#see-shelf').click();
    await this.settled();
  }
}

interface Worker {
  server: { address: string; requests: Set<(path: string) => void> };
}

export const test = base.extend<ShopOptions & { shop: Shop }, Worker>({
  backend: ['cpu', { option: true }],
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter's shape
    async ({}, use) => {
      const requests = new Set<(path: string) => void>();
      const { address, close } = await openShop((path: string) => { for (const hear of requests) hear(path); });
      await use({ address, requests });
      await close();
    },
    { scope: 'worker' },
  ],
  /** A shop whose every request after load fails the test, whatever else the test looks at. */
  shop: async ({ page, server, backend }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const shop = new Shop(page, server.address, backend);
    const hear = (path: string) => { shop.note(`server: ${path}`); };
    server.requests.add(hear);
    await use(shop);
    server.requests.delete(hear);
    expect(shop.late, 'requests after load').toEqual([]);
    expect(errors, 'errors in the page').toEqual([]);
  },
});

export { expect };
