// Where a model's bytes go in the real WebAssembly engine, and what happens when there is no room for them. Needs the build of
// scripts/build-wasm.sh; one test also a model, PROCLIVITY_MODEL.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Recommender } from '../src/index.js';
import { loadWasm } from '../src/wasm.js';

const model = process.env.PROCLIVITY_MODEL ?? '';
const built = existsSync(new URL('../wasm/proclivity_bg.wasm', import.meta.url));

/** The start of a model whose header announces one tensor of so many bytes. */
function announcing(bytes: number): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ t: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } }));
  const start = new Uint8Array(8 + json.length + 100);
  new DataView(start.buffer).setBigUint64(0, BigInt(json.length), true);
  start.set(json, 8);
  return start;
}

/** `bytes` as an answer without a length, in chunks. */
function streamed(bytes: Uint8Array<ArrayBuffer>): Response {
  let at = 0;
  return new Response(new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += 10_000)));
      else controller.close();
    },
  }));
}

describe.skipIf(!built)('the memory of the real engine', () => {
  it.skipIf(model === '')('holds a model once, also where its length comes only with its header', async () => {
    const bytes = new Uint8Array(readFileSync(model));
    const recommender = await Recommender.load(streamed(bytes), { backend: 'cpu' });
    const { dim } = recommender.info();
    await recommender.recommend();
    await recommender.recommend({ user: new Float32Array(dim).fill(0.1), count: 100 });
    expect(recommender.info().memory).toBeLessThanOrEqual(1.3 * bytes.length + 8e6);
    recommender.dispose();
  });

  it.each([3e9, 2 ** 52])('is not asked for by a header of %d bytes: an error', async (bytes) => {
    await expect(Recommender.load(announcing(bytes))).rejects.toMatchObject({ name: 'ProclivityError', code: 'out_of_memory' });
    await expect(Recommender.load(streamed(announcing(bytes)))).rejects.toMatchObject({ code: 'out_of_memory' });
  });

  it('is given out only in part to a header that announces more than comes: an error', async () => {
    await expect(Recommender.load(streamed(announcing(1.5e9)))).rejects.toMatchObject({ code: 'model_tensor' });
  });

  it('may be refused by the runtime: an error, and the engine goes on', async () => {
    const { ModelBuffer } = await loadWasm(undefined, () => import('../wasm/proclivity.js'));
    const buffers: { free(): void }[] = [];
    const fill = (): void => {
      while (buffers.length < 20) buffers.push(new ModelBuffer(1e9));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'out_of_memory' }) as Error);
    for (const buffer of buffers) buffer.free();
    await expect(Recommender.load(new Uint8Array(100))).rejects.toMatchObject({ code: 'model_format' });
  });
});
