// hnswlib-wasm: a graph of near neighbours. Inner product is one of its spaces.
import { loadHnswlib } from 'hnswlib-wasm';

const M = 16;
const EF_CONSTRUCTION = 100;
const EF_SEARCH = 100;
const SEED = 1;

export function hnswlib(readTable) {
  return {
    name: 'hnswlib-wasm',
    peer: 'hnswlib-wasm',
    async open() {
      const library = await loadHnswlib();
      const { rows, items, dim } = await readTable();
      const index = new library.HierarchicalNSW('ip', dim, '');
      index.initIndex(items, M, EF_CONSTRUCTION, SEED);
      for (let item = 0; item < items; item++) index.addPoint(rows.subarray(item * dim, (item + 1) * dim), item, false);
      index.setEfSearch(EF_SEARCH);
      return {
        detail: `M ${M}, ef ${EF_SEARCH}`,
        query: (user) => index.searchKnn(user, 10, undefined),
        read: ({ neighbors }) => ({ items: neighbors, scores: null }),
        close: () => index.delete?.(),
      };
    },
  };
}
