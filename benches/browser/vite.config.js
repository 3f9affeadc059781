import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const PAGES = [
  'index',
  'first-empty',
  'first-proclivity',
  'first-onnxruntime',
  'first-onnxruntime-webgpu',
  'first-tensorflow',
  'first-tensorflow-webgpu',
];

export default defineConfig({
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 10_000,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: PAGES.map((name) => resolve(import.meta.dirname, `${name}.html`)),
    },
  },
});
