import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';

/** The worker itself, and what is fetched only by whoever asks for it. */
const NEVER_STORED = ['sw.js', 'sequence.safetensors'];

/**
 * Writes `sw.js` beside the built page: the service worker with the list of every file of this
 * build (shell, WebAssembly, fonts and the first model) and a version made from their contents, so that a
 * changed file is a changed worker.
 */
export function offline(): Plugin {
  let outDir = '';
  return {
    name: 'offline',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const hash = createHash('sha256');
      const files = readdirSync(outDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => !NEVER_STORED.includes(relative(outDir, path)))
        .sort();
      for (const path of files) hash.update(path.slice(outDir.length)).update(readFileSync(path));
      const urls = files.map((path) => {
        const url = `/${relative(outDir, path).split(sep).join('/')}`;
        return url === '/index.html' ? '/' : url;
      });
      const template = readFileSync(join(import.meta.dirname, 'service-worker.js'), 'utf8');
      writeFileSync(
        join(outDir, 'sw.js'),
        template
          .replace("'__VERSION__'", JSON.stringify(hash.digest('hex').slice(0, 16)))
          .replace("['__FILES__']", JSON.stringify(urls, null, 2)),
      );
    },
  };
}
