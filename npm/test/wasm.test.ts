// Where the WebAssembly module comes from. The bindings are a stand-in that records what it is started with.

import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AddressInfo } from 'node:net';
import type { WasmGlue } from '../src/boundary.js';
import type { WasmSource } from '../src/engine.js';

const init = vi.hoisted(() => vi.fn<(input: { module_or_path: unknown }) => Promise<void>>());
vi.mock('../wasm/proclivity.js', () => ({ default: init, ModelBuffer: 'ModelBuffer', Engine: 'Engine' }));

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const server = createServer((request, response) => {
  if (request.url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
  else if (request.url === '/engine.wasm') response.writeHead(200, { 'content-type': 'application/wasm' }).end(EMPTY_MODULE);
  else response.writeHead(404).end();
});
let origin: string;
let loadWasm: (source?: WasmSource) => Promise<WasmGlue>;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(async () => {
  vi.resetModules();
  init.mockReset().mockResolvedValue();
  const wasm = await import('../src/wasm.js');
  loadWasm = (source) => wasm.loadWasm(source, () => import('../wasm/proclivity.js'));
});

describe('the WebAssembly module', () => {
  it('comes from a URL', async () => {
    await loadWasm(`${origin}/engine.wasm`);
    expect(init.mock.calls[0]?.[0].module_or_path).toBeInstanceOf(Response);
  });

  it('comes as bytes or compiled, untouched', async () => {
    const module = new WebAssembly.Module(EMPTY_MODULE);
    await loadWasm(module);
    expect(init).toHaveBeenCalledExactlyOnceWith({ module_or_path: module });
  });

  it.each([
    [true, 'proclivity_relaxed_bg.wasm'],
    [false, 'proclivity_bg.wasm'],
  ])('is, where none is given and relaxed SIMD is known: %s, the build %s', async (known, file) => {
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(known);
    const readFile = vi.spyOn(process.getBuiltinModule('fs/promises'), 'readFile').mockResolvedValue(Buffer.from(EMPTY_MODULE));
    await loadWasm();
    expect(validate).toHaveBeenCalledTimes(1);
    expect(readFile.mock.calls.map(([path]) => path)).toEqual([new URL(`../wasm/${file}`, import.meta.url)]);
    vi.restoreAllMocks();
  });

  it('is chosen by a probe that is a sound module, refused only where relaxed SIMD is unknown', async () => {
    const validate = vi.spyOn(WebAssembly, 'validate');
    vi.spyOn(process.getBuiltinModule('fs/promises'), 'readFile').mockResolvedValue(Buffer.from(EMPTY_MODULE));
    await loadWasm();
    const probe = new Uint8Array(validate.mock.calls[0]![0] as Uint8Array);
    vi.restoreAllMocks();
    const instruction = probe.length - 4; // relaxed_swizzle, then the end of the body
    expect([...probe.subarray(instruction)]).toEqual([253, 128, 2, 11]);
    // The same module with the swizzle of plain SIMD (0x0e, its number padded to two bytes).
    probe.set([253, 0x8e, 0], instruction);
    expect(WebAssembly.validate(probe)).toBe(true);
  });

  it('is started once a realm', async () => {
    const [first, second] = await Promise.all([loadWasm(EMPTY_MODULE), loadWasm()]);
    expect(await loadWasm()).toBe(first);
    expect(second).toBe(first);
    expect(init).toHaveBeenCalledTimes(1);
  });

  it('is tried anew after a failure', async () => {
    init.mockRejectedValueOnce(new Error('no memory'));
    await expect(loadWasm(EMPTY_MODULE)).rejects.toMatchObject({ code: 'wasm' });
    await expect(loadWasm(EMPTY_MODULE)).resolves.toHaveProperty('Engine');
  });

  it.each([
    ['is missing', '/nothing', 'HTTP status 404'],
    ['is answered with a page', '/page', 'an HTML page'],
  ])('says where it was expected when it %s', async (_, path, found) => {
    const loading = loadWasm(new URL(path, origin));
    await expect(loading).rejects.toMatchObject({ name: 'ProclivityError', code: 'wasm' });
    await expect(loading).rejects.toThrow(`${origin}${path}, found ${found}`);
    expect(init).not.toHaveBeenCalled();
  });

  it('says so when the file is not there (Node)', async () => {
    await expect(loadWasm('./no/such/file.wasm')).rejects.toMatchObject({ code: 'wasm' });
  });
});
