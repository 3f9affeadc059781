// Page start to first answer, and what code that takes. A fresh browser for each sample: nothing is cached, and nothing that a
// page left running, such as a GPU tried in the background, falls on the next one.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { firstUser, MODEL } from '../src/first/question.js';
import { bestItems, referenceScores } from '../src/oracle.js';
import { readModel } from '../src/safetensors.js';
import { summary } from '../src/statistics.js';
import { launch } from './browser.js';

const ROUNDS = 15;
/** A page that answers nothing: what no library can go below. */
export const EMPTY = 'an empty page';
/** Those on WebGPU are asked once, for the code that they load. */
const PAGES = [
  { name: 'proclivity', page: 'first-proclivity', timed: true },
  { name: 'onnxruntime-web wasm', page: 'first-onnxruntime', timed: true },
  { name: 'TensorFlow.js wasm', page: 'first-tensorflow', timed: true },
  { name: 'onnxruntime-web WebGPU', page: 'first-onnxruntime-webgpu', timed: false },
  { name: 'TensorFlow.js WebGPU', page: 'first-tensorflow-webgpu', timed: false },
  { name: EMPTY, page: 'first-empty', timed: true },
];
const SETTLE_MS = 500;
const TOP = 10;
/** Ties within float32's error, or one place lost to int8 rounding, leave at least this many of the ten. */
const LEAST_FOUND = 9;

/** @returns {Promise<{ name: string, code?: { raw: number, gzip: number }, median?: number, failed?: string }[]>} */
export async function firstAnswers(server, models) {
  const wanted = reference(models);
  const runs = PAGES.map((page) => ({ ...page, samples: [] }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const run of runs) {
      if (run.failed || (round > 0 && !run.timed)) continue;
      try {
        const { millis, code } = await visit(server, run.page, wanted);
        // The first visit warms the server and the operating system's files.
        if (round === 0) run.code = code;
        else run.samples.push(millis);
      } catch (thrown) {
        run.failed = thrown.message.split('\n')[0];
      }
    }
  }
  return runs.map(({ name, code, samples, failed }) => ({
    name,
    ...(failed ? { failed } : { code, ...(samples.length > 0 ? summary(samples) : {}) }),
  }));
}

async function visit(server, name, wanted) {
  const first = await askFresh(`${server.address}/${name}.html`, server.requests);
  const found = first.items.filter((item) => wanted.includes(item)).length;
  if (name !== 'first-empty' && (first.items.length !== TOP || found < LEAST_FOUND)) {
    throw new Error(`expected the reference's top ${TOP} (${wanted.join(' ')}), found ${first.items.join(' ')}`);
  }
  const code = server.requests.filter(({ kind }) => kind === 'code');
  const sum = (what) => code.reduce((total, file) => total + file[what], 0);
  return { millis: first.millis, code: { raw: sum('raw'), gzip: sum('gzip'), files: code.map(({ path }) => path) } };
}

async function askFresh(url, requests) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    // Until the browser's own start is over.
    await page.waitForTimeout(SETTLE_MS);
    requests.length = 0;
    await page.goto(url);
    await page.waitForFunction(() => window.first, null, { polling: 50, timeout: 60_000 });
    return await page.evaluate(() => window.first);
  } finally {
    await browser.close();
  }
}

function reference(models) {
  const file = readFileSync(join(models, `${MODEL}.safetensors`));
  const model = readModel(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  return bestItems(referenceScores(model, firstUser(model.dim)), TOP);
}

/**
 * Our code with the larger one of our wasm builds, whichever this browser took: every browser fetches one of them.
 */
export function largestCode({ code }, site) {
  const engines = readdirSync(join(site, 'assets')).filter((file) => /^proclivity\w*_bg-.*\.wasm$/.test(file));
  const sizes = engines.map((file) => {
    const body = readFileSync(join(site, 'assets', file));
    return { path: `/assets/${file}`, raw: body.length, gzip: gzipSync(body, { level: 9 }).length };
  });
  const fetched = sizes.find(({ path }) => code.files.includes(path));
  if (fetched === undefined) throw new Error(`expected the page to fetch one of ${engines.join(', ')}, found ${code.files.join(', ')}`);
  const largest = sizes.reduce((a, b) => (b.gzip > a.gzip ? b : a));
  return { raw: code.raw - fetched.raw + largest.raw, gzip: code.gzip - fetched.gzip + largest.gzip, builds: sizes };
}
