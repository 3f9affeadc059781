// A page with the package and nothing else, so that a test does with it what the shop does not.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serve } from '../../../www/serve.mjs';
import { SHOP } from './browser.mjs';

const PACKAGE = resolve(import.meta.dirname, '../../../npm');
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>bare</title>
<script type="importmap">{ "imports": { "idb": "/idb/index.js", "proclivity": "/dist/index.js" } }</script>
`;

/** Serves the built package, the shop's model and a page that can import them, on a free port. */
export async function openBare() {
  const root = mkdtempSync(join(tmpdir(), 'proclivity-bare-'));
  writeFileSync(join(root, 'index.html'), PAGE);
  for (const [name, there] of Object.entries({
    dist: join(PACKAGE, 'dist'),
    wasm: join(PACKAGE, 'wasm'),
    idb: join(PACKAGE, 'node_modules/idb/build'),
    'model.safetensors': join(SHOP, 'model.safetensors'),
  })) symlinkSync(there, join(root, name));
  const server = await serve({ root });
  return {
    address: server.address,
    close: async () => {
      await server.close();
      rmSync(root, { recursive: true });
    },
  };
}
