import { defineConfig } from '@playwright/test';
import { LAUNCH } from './support/browser.mjs';
import type { ShopOptions } from './support/shop.ts';

export default defineConfig<ShopOptions>({
  testDir: '.',
  outputDir: '../../test-results/e2e',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // One browser at a time: query times and a software GPU do not share two cores well.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: { launchOptions: LAUNCH, viewport: { width: 1440, height: 900 } },
  projects: [
    // What no backend has a part in is the same on both: the cpu project tests it.
    { name: 'webgpu', use: { backend: 'webgpu' }, testMatch: ['device.spec.ts', 'families.spec.ts', 'offline.spec.ts', 'shopping.spec.ts'] },
    { name: 'cpu', use: { backend: 'cpu' } },
  ],
});
