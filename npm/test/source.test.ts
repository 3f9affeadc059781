// Sources against a real HTTP server and real files.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pumpModel } from '../src/pump.js';
import { openModel } from '../src/source.js';
import type { AddressInfo } from 'node:net';
import type { EngineLoader } from '../src/engine.js';
import type { LoadProgress, ModelSource } from '../src/index.js';

const MODEL = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
const PACKED = gzipSync(MODEL);
let folder: string;
let origin: string;

const server = createServer((request, response) => {
  switch (request.url) {
    case '/plain':
      response.writeHead(200, { 'content-length': MODEL.length }).end(MODEL);
      break;
    case '/chunked':
      response.write(MODEL);
      response.end();
      break;
    case '/gzip':
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': PACKED.length }).end(PACKED);
      break;
    case '/short':
      response.writeHead(200, { 'content-length': MODEL.length + 1 });
      response.write(MODEL, () => response.destroy());
      break;
    case '/page':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>');
      break;
    case '/hang':
      break;
    default:
      response.writeHead(404).end('no');
  }
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proclivity-source-'));
  await writeFile(join(folder, 'model.safetensors'), MODEL);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** Streams a source to its end and returns what arrived. */
async function read(source: ModelSource, signal?: AbortSignal): Promise<{ bytes: Buffer; hint: number; reports: LoadProgress[] }> {
  const chunks: Uint8Array[] = [];
  const reports: LoadProgress[] = [];
  let hint = -1;
  const loader: EngineLoader = {
    begin: async (expectedBytes) => void (hint = expectedBytes),
    push: async (chunk) => void chunks.push(chunk),
    finish: () => Promise.reject(new Error('not reached')),
    cancel: () => undefined,
  };
  const stream = await openModel(source, signal);
  await pumpModel(stream, loader, signal, (progress) => reports.push(progress));
  return { bytes: Buffer.concat(chunks), hint, reports };
}

describe('a model arrives whole', () => {
  it.each<[string, () => ModelSource]>([
    ['from a URL', () => `${origin}/plain`],
    ['from a URL object', () => new URL('/plain', origin)],
    ['from a response', () => new Response(MODEL)],
    ['from the promise of a response', () => fetch(`${origin}/chunked`)],
    ['from a compressed response', () => `${origin}/gzip`],
    ['from an ArrayBuffer', () => MODEL.slice().buffer],
    ['from bytes', () => MODEL],
    ['from a view of a part', () => new Uint8Array(new Uint8Array([9, ...MODEL, 9]).buffer, 1, MODEL.length)],
    ['from a path', () => join(folder, 'model.safetensors')],
    ['from a relative path', () => relative(process.cwd(), join(folder, 'model.safetensors'))],
    ['from a file: URL', () => pathToFileURL(join(folder, 'model.safetensors'))],
    ['from a file: URL as text', () => pathToFileURL(join(folder, 'model.safetensors')).href],
    ['from a data: URL', () => `data:application/octet-stream;base64,${Buffer.from(MODEL).toString('base64')}`],
  ])('%s', async (_, source) => {
    const { bytes, reports } = await read(source());
    expect(bytes.equals(MODEL)).toBe(true);
    expect(reports.at(-1)).toEqual({ loaded: MODEL.length, total: MODEL.length });
    expect(reports.map(({ loaded }) => loaded)).toEqual(reports.map(({ loaded }) => loaded).sort((a, b) => a - b));
  });
});

describe('the total', () => {
  it('is the content length of a plain answer', async () => {
    const { hint, reports } = await read(`${origin}/plain`);
    expect(hint).toBe(MODEL.length);
    expect(reports[0]?.total).toBe(MODEL.length);
  });

  it.each(['/chunked', '/gzip'])('is not known for %s', async (path) => {
    const { hint, reports } = await read(origin + path);
    expect(hint).toBe(0);
    expect(reports[0]?.total).toBeNull();
  });

  it('is given up when more arrives than was said', async () => {
    // As from another origin, where CORS shows the length of the compressed body but not its encoding.
    const { bytes, reports } = await read(new Response(MODEL, { headers: { 'content-length': '100' } }));
    expect(bytes.length).toBe(MODEL.length);
    expect(reports[0]?.total).toBeNull();
  });

  it.each(['-1', '1e9', 'many', '', '9'.repeat(30), '0'])('ignores a content length of "%s"', async (length) => {
    expect((await read(new Response(MODEL, { headers: { 'content-length': length } }))).hint).toBe(0);
  });

  it('reserves no memory on the word of a server alone', async () => {
    expect((await read(new Response(MODEL, { headers: { 'content-length': String(2 ** 40) } }))).hint).toBe(0);
  });
});

describe('a source that gives no model', () => {
  it.each<[string, string, () => ModelSource]>([
    ['a missing page', 'http', () => `${origin}/nothing`],
    ['an error response', 'http', () => new Response('no', { status: 500 })],
    ['a fallback page', 'http', () => `${origin}/page`],
    ['a download that breaks off', 'network', () => `${origin}/short`],
    ['a server that is not there', 'network', () => 'http://127.0.0.1:1/'],
    ['a failed request', 'network', () => Promise.reject(new TypeError('fetch failed'))],
    ['a missing file', 'file', () => join(folder, 'nothing')],
    ['a folder', 'file', () => folder],
    ['an empty string', 'argument', () => ''],
    ['a number', 'argument', () => 5 as unknown as string],
    ['null', 'argument', () => null as unknown as string],
    ['nothing', 'argument', () => undefined as unknown as string],
    ['text that was promised', 'argument', () => Promise.resolve({}) as unknown as Promise<Response>],
    ['other typed arrays', 'argument', () => new Float32Array(4) as unknown as Uint8Array],
  ])('%s is refused with "%s"', async (_, code, source) => {
    await expect(read(source())).rejects.toMatchObject({ name: 'ProclivityError', code });
  });

  it('a response read before is refused', async () => {
    const response = new Response(MODEL);
    await response.arrayBuffer();
    await expect(read(response)).rejects.toMatchObject({ code: 'argument' });
    const locked = new Response(MODEL);
    locked.body?.getReader();
    await expect(read(locked)).rejects.toMatchObject({ code: 'argument' });
  });

  it('names the status and the address', async () => {
    await expect(read(`${origin}/nothing`)).rejects.toThrow(/\/nothing, found HTTP status 404; check/);
  });
});

describe('an abort', () => {
  it('ends a request that hangs, with the reason', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const reading = read(`${origin}/hang`, controller.signal);
    setTimeout(() => { controller.abort(reason); }, 20);
    await expect(reading).rejects.toBe(reason);
  });
});
