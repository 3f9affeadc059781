import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Everything from this origin, WebAssembly allowed, no inline script, no inline style, no eval. data: is the icon. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ');

/**
 * Completes the built page's head: the content security policy, and the gzip size in bytes of the
 * library's code (its chunk and the larger of its two WebAssembly builds) and of the shop's own, which the page shows.
 */
export function pageHead(): Plugin {
  return {
    name: 'page-head',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const codeBytes = { library: 0, shop: 0 };
        let engine = 0;
        for (const output of Object.values(bundle ?? {})) {
          const packed = gzipSync(output.type === 'chunk' ? output.code : output.source, { level: 9 }).length;
          if (output.fileName.endsWith('.wasm')) engine = Math.max(engine, packed);
          // The worker is an asset, not a chunk: this page runs the engine on its own thread.
          if (output.type === 'chunk') codeBytes[/\/proclivity[-_]/.test(output.fileName) ? 'library' : 'shop'] += packed;
        }
        codeBytes.library += engine;
        return [
          {
            tag: 'meta',
            attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
            injectTo: 'head-prepend',
          },
          { tag: 'meta', attrs: { name: 'library-bytes', content: String(codeBytes.library) }, injectTo: 'head' },
          { tag: 'meta', attrs: { name: 'shop-bytes', content: String(codeBytes.shop) }, injectTo: 'head' },
        ];
      },
    },
  };
}
