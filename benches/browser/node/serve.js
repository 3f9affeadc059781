// A static server of the kind any site has: gzip for code, models as they are. Isolated, so that the page's clock is fine.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Code, compressed once; null when there is no such file. */
async function readCode(file, known) {
  if (!known.has(file)) {
    const body = await readFile(file).catch(() => null);
    known.set(file, body === null ? null : { raw: body.length, gzip: gzipSync(body, { level: 9 }) });
  }
  return known.get(file);
}

/**
 * Serves `site` at `/` and `models` at `/models/` on a free port.
 *
 * `requests` collects `{ path, kind, raw, gzip }` of what is asked for, in bytes; the caller may empty it.
 */
export async function serve({ site, models }) {
  const known = new Map();
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    if (path.startsWith('/models/')) {
      const file = join(models, path.slice('/models/'.length));
      const size = (await stat(file).catch(() => null))?.size;
      if (size === undefined) return notFound(response, path);
      requests.push({ path, kind: 'model', raw: size, gzip: null });
      response.writeHead(200, { ...ISOLATED, 'content-type': 'application/octet-stream', 'content-length': size });
      return createReadStream(file).pipe(response);
    }
    const code = await readCode(join(site, path), known);
    if (code === null) return notFound(response, path);
    const kind = extname(path) === '.html' ? 'page' : 'code';
    requests.push({ path, kind, raw: code.raw, gzip: code.gzip.length });
    const headers = { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-encoding': 'gzip' };
    response.writeHead(200, { ...ISOLATED, ...headers, 'content-length': code.gzip.length });
    return response.end(code.gzip);
  });
  await new Promise((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { address: `http://localhost:${server.address().port}`, requests, close };
}

function notFound(response, path) {
  response.writeHead(404, { ...ISOLATED, 'content-type': 'text/plain' }).end(`Not found: ${path}\n`);
}
