import { defineConfig } from 'vite';
import { offline } from './plugins/offline.ts';
import { pageHead } from './plugins/page-head.ts';

export default defineConfig({
  plugins: [pageHead(), offline()],
  build: {
    target: 'es2022',
    // The first browsers with light-dark(), which the style sheets stand on.
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    // The content security policy allows no data: URLs, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The library in chunks of its own, so that its share of the download can be told from the shop's.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'proclivity', test: /\/npm\/(dist|wasm)\// }] } } },
  },
});
