// How long it takes to learn from an event and to recommend by it, over the shop's whole catalogue on the CPU in headless Chromium:
// in the page and in a worker, with the profile in memory and in IndexedDB. Prints medians and 95th percentiles in milliseconds, and tasks
// that blocked the page's thread for 50 ms and more, and for how long it was kept at most; writes target/bench/latency.json. After `make demo CHECK=1`, which builds what it needs.
import { chromium } from '@playwright/test';
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openBare } from './support/bare.mjs';
import { LAUNCH } from './support/browser.mjs';

const ROUNDS = 500;
const OUT = resolve(process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, '../../target'), 'bench/latency.json');

/** Runs in the page. */
async function measure({ worker, storage, rounds }) {
  const { Recommender } = await import('proclivity');
  const recommender = await Recommender.load('/model.safetensors', { backend: 'cpu', worker, storage });
  const { ids } = await recommender.catalogue();
  const tasks = [];
  new PerformanceObserver((list) => { tasks.push(...list.getEntries().map(({ duration }) => duration)); }).observe({ entryTypes: ['longtask'] });
  // The page's thread is asked to do nothing every 4 ms; what comes later than that was kept from it.
  let [blocked, last, over] = [0, performance.now(), false];
  const tick = () => {
    const now = performance.now();
    [blocked, last] = [Math.max(blocked, now - last - 4), now];
    if (!over) setTimeout(tick, 4);
  };
  setTimeout(tick, 4);
  const [answered, stored] = [[], []];
  let draw = 7;
  for (let round = 0; round < rounds; round += 1) {
    draw = (draw * 48271) % 2147483647; // Park and Miller 1988
    const start = performance.now();
    const observed = recommender.observe({ type: ['view', 'cart', 'purchase'][draw % 3], itemId: ids[draw % ids.length] });
    const { items } = await recommender.recommend({ count: 20 });
    answered.push(performance.now() - start);
    if (items.length !== 20) throw new Error(`expected 20 items, found ${items.length}`);
    await observed;
    stored.push(performance.now() - start);
    await new Promise((done) => { setTimeout(done, 4); });
  }
  over = true;
  const at = (times, share) => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)];
  const of = (times) => ({ median: at(times, 0.5), p95: at(times, 0.95) });
  const state = JSON.stringify(await recommender.export());
  return { items: ids.length, answered: of(answered), stored: of(stored), longTasks: tasks, blocked, profileBytes: state.length };
}

const { address, close } = await openBare();
const browser = await chromium.launch(LAUNCH);
const rows = [];
try {
  for (const worker of [false, true]) {
    for (const storage of ['memory', 'indexeddb']) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(address);
      rows.push({ worker, storage, ...(await page.evaluate(measure, { worker, storage, rounds: ROUNDS })) });
      await page.close();
    }
  }
} finally {
  await browser.close();
  await close();
}
for (const { worker, storage, items, answered, stored, longTasks, blocked } of rows) {
  const show = ({ median, p95 }) => `${median.toFixed(1)} / ${p95.toFixed(1)} ms`;
  console.log(`${(worker ? 'worker' : 'page').padEnd(7)} ${storage.padEnd(10)} observe + recommend of ${items}: ${show(answered)}, stored after ${show(stored)}, ${longTasks.length} long tasks, the thread kept for ${blocked.toFixed(1)} ms at most`);
}
await mkdir(resolve(OUT, '..'), { recursive: true });
await writeFile(OUT, `${JSON.stringify({ rounds: ROUNDS, rows }, null, 2)}\n`);
console.log(`written: ${OUT}`);
