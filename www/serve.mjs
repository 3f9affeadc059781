// Serves the built shop: `node serve.mjs [--port 4173] [--root dist]`.
// A static server of the kind any site has: gzip, validators, long caching for hashed files.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

// Fonts are compressed already; the model goes as it is, so that its length is known while it streams in.
const SENT_AS_IS = new Set(['.woff2', '.safetensors']);

/** Hashed files never change; the service worker is looked for at most once a minute; the rest is revalidated. */
function cacheControl(path) {
  if (path.startsWith('/assets/')) return 'public, max-age=31536000, immutable';
  return path === '/sw.js' ? 'max-age=60' : 'no-cache';
}

/** The path a request asks for, or null where it cannot be read: `//`, or a broken percent escape. */
function readPath(target) {
  try {
    return normalize(decodeURIComponent(new URL(target, 'http://localhost').pathname));
  } catch {
    return null;
  }
}

/** Reads a file once and keeps it with its gzip form and its validator. Null when there is no such file. */
async function readAsset(root, path, assets) {
  if (!assets.has(path)) {
    const body = await readFile(join(root, path)).catch(() => null);
    if (!body) return null;
    const tag = `"${createHash('sha256').update(body).digest('hex').slice(0, 20)}"`;
    assets.set(path, { body, tag, zipped: SENT_AS_IS.has(extname(path)) ? null : gzipSync(body) });
  }
  return assets.get(path);
}

/**
 * Starts the server. `port` 0 takes a free one. `onRequest(path)` is called for each request that
 * arrives, which is how the tests count them.
 */
export async function serve({ root, port = 0, onRequest = () => {} }) {
  const assets = new Map();
  const server = createServer(async (request, response) => {
    const asked = readPath(request.url);
    onRequest(asked ?? request.url);
    if (asked === null) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end('Expected a path, found one that cannot be read\n');
      return;
    }
    const path = asked === '/' ? '/index.html' : asked;
    const asset = path.includes('..') ? null : await readAsset(root, path, assets);
    if (!asset) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`Not found: ${asked}\n`);
      return;
    }
    const headers = {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'cache-control': cacheControl(path),
      etag: asset.tag,
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    };
    if (request.headers['if-none-match'] === asset.tag) {
      response.writeHead(304, headers).end();
      return;
    }
    const zipped = asset.zipped && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = zipped ? asset.zipped : asset.body;
    if (zipped) headers['content-encoding'] = 'gzip';
    response.writeHead(200, { ...headers, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  const address = `http://localhost:${server.address().port}`;
  const close = () =>
    new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    });
  return { address, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '4173' }, root: { type: 'string', default: 'dist' } },
  });
  const root = resolve(import.meta.dirname, values.root);
  const { address } = await serve({ root, port: Number(values.port) });
  console.log(`The shop is open: ${address}  (Ctrl+C closes it)`);
}
