import { startCounting } from './requests.ts';
import { ShopCatalogue } from './catalogue.ts';
import { Engine } from './engine.ts';
import { installDrawings } from './glyphs/index.ts';
import { storeForOffline } from './offline.ts';
import { Search } from './search.ts';
import type { Shop } from './shop.ts';
import { Store } from './store.ts';
import { page } from './views/page.ts';
import { failure, loading } from './views/screens.ts';

// Fetched while loading, though the first text in them may come later.
const FONTS = ['1em "Bricolage Grotesque Variable"', '1em "Instrument Sans Variable"'];

const app = document.getElementById('app');

/** `?backend=webgpu` or `?backend=cpu` picks the backend; otherwise the engine chooses. */
function wantedBackend(): 'auto' | 'webgpu' | 'cpu' {
  const wanted = new URLSearchParams(location.search).get('backend');
  return wanted === 'webgpu' || wanted === 'cpu' ? wanted : 'auto';
}

async function open(): Promise<Shop> {
  if (typeof WebAssembly !== 'object') throw Object.assign(new Error('WebAssembly is not available'), { code: 'no_wasm' });
  const artwork = installDrawings();
  const engine = await Engine.load(wantedBackend(), (progress) => { loading.progress(progress); });
  const catalogue = new ShopCatalogue(await engine.catalogue());
  const store = new Store(engine, catalogue);
  await store.restore();
  await Promise.all([artwork, ...FONTS.map((font) => document.fonts.load(font))]);
  loading.step('Keeping a copy for when you are offline');
  const offline = await storeForOffline();
  return { engine, catalogue, store, search: new Search(catalogue.products), offline };
}

try {
  const shop = await open();
  startCounting();
  app?.replaceChildren(...page(shop));
  document.documentElement.dataset.state = 'open';
} catch (error) {
  console.error(error);
  const screen = failure(error);
  app?.replaceChildren(screen);
  screen.querySelector<HTMLElement>('.screen-title')?.focus();
  document.documentElement.dataset.state = 'failed';
}
