import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { serve } from '../../../www/serve.mjs';

/** Where the built shop lies. */
export const SHOP = resolve(import.meta.dirname, '../../../www/dist');

/** The system's Chromium, with WebGPU on; nothing is downloaded. Set CHROMIUM where it is elsewhere. */
export const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
  ],
};

/**
 * Serves the built shop on a free port; says what to do where it is not built.
 * @param {(path: string) => void} [onRequest] called for each request that arrives
 */
export async function openShop(onRequest = () => {}) {
  for (const file of ['index.html', 'model.safetensors']) {
    if (!existsSync(resolve(SHOP, file))) {
      throw new Error(`expected ${resolve(SHOP, file)}, found nothing there; run "make demo CHECK=1" once, which builds the shop`);
    }
  }
  return serve({ root: SHOP, onRequest });
}

/** Products every test knows: id in the data, and what the title starts with. */
export const KNOWN = {
  bananas: '27971',
  eggs: '18653',
  milk: '23098',
};
