// voy-search: a k-d tree. Its entry file imports the wasm as a module, which browsers cannot; its two halves are put together here.
import * as glue from 'voy-search/voy_search_bg.js';
import wasmUrl from 'voy-search/voy_search_bg.wasm?url';
import { withNormColumn, withZero } from './nearest.js';

/** Items are handed over in parts: a resource is copied as plain objects. */
const PART = 5000;

async function start() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(wasmUrl), { './voy_search_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
}

export function voy(readTable) {
  return {
    name: 'voy-search',
    peer: 'voy-search',
    async open() {
      await start();
      const table = await readTable();
      const points = withNormColumn(table);
      const width = table.dim + 1;
      const index = new glue.Voy();
      for (let from = 0; from < table.items; from += PART) {
        const embeddings = [];
        for (let item = from; item < Math.min(from + PART, table.items); item++) {
          embeddings.push({ id: String(item), title: '', url: '', embeddings: [...points.subarray(item * width, (item + 1) * width)] });
        }
        index.add({ embeddings });
      }
      return {
        detail: 'k-d tree',
        query: (user) => index.search(withZero(user), 10),
        read: ({ neighbors }) => ({ items: neighbors.map(({ id }) => Number(id)), scores: null }),
        close: () => index.free(),
      };
    },
  };
}
