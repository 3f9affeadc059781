import type { ShopCatalogue } from './catalogue.ts';
import type { Engine } from './engine.ts';
import type { Offline } from './offline.ts';
import type { Search } from './search.ts';
import type { Store } from './store.ts';

/** What every view is given. */
export interface Shop {
  engine: Engine;
  catalogue: ShopCatalogue;
  store: Store;
  search: Search;
  offline: Offline;
}
