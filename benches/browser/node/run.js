// Runs the bench: `node node/run.js --models FOLDER --out FOLDER [--plot FILE] [--int8-ndcg FILE] [--only WORK,...]`.
// Prints the table, and writes browser.json: one row an id, and all figures behind them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, withPage } from './browser.js';
import { describeMachine } from './environment.js';
import { firstAnswers, largestCode } from './first-answer.js';
import { writeGraphs } from './graphs.js';
import { plot } from './plot.js';
import { floorOf, writeRoofline } from './roofline.js';
import { rows } from './rows.js';
import { serve } from './serve.js';
import { printDetails, printRows } from './table.js';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string' },
    out: { type: 'string' },
    plot: { type: 'string' },
    'int8-ndcg': { type: 'string' },
    only: { type: 'string' },
  },
});
for (const name of ['models', 'out']) {
  if (options[name] === undefined) throw new Error(`expected --${name} FOLDER; run it by "make bench"`);
}
const models = resolve(options.models);
const site = resolve(import.meta.dirname, '../dist');
const only = options.only?.split(',');
const wants = (part) => only === undefined || only.includes(part);
const began = performance.now();
const say = (text) => console.log(`  ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

/** A part that fails is a row that says so; the others still run. */
async function attempt(part, run) {
  if (!wants(part)) return { failed: 'not run' };
  say(part);
  try {
    return await run();
  } catch (thrown) {
    return { failed: (thrown.message ?? String(thrown)).split('\n')[0] };
  }
}

// An interrupted run leaves the figures of the last one.
process.once('SIGINT', () => process.exit(130));
writeGraphs(models);
await writeRoofline(models);
const server = await serve({ site, models });
const browser = await launch();
const url = `${server.address}/index.html`;
const figures = { works: {}, memory: [] };
try {
  await withPage(browser, url, async (page) => {
    figures.environment = await page.evaluate(() => window.bench.environment());
    for (const id of await page.evaluate(() => window.bench.works)) {
      figures.works[id] = await attempt(id, () => page.evaluate((work) => window.bench.runWork(work), id));
    }
    figures.roofline = await attempt('roofline', () => page.evaluate(() => window.bench.measureRoofline()));
    figures.agreement = await attempt('cascade-agreement', () => page.evaluate(() => window.bench.agreement()));
    figures.scale = await attempt('scale-1m', () => page.evaluate(() => window.bench.runScale()));
  });
  const measured = [['proclivity', 'dot-1m-int8'], ['proclivity', 'mlp-10k-f32'], ['onnxruntime', 'mlp-10k-f32'], ['tensorflow', 'mlp-10k-f32']];
  for (const [contender, model] of measured) {
    const run = (page) => page.evaluate(([who, name]) => window.bench.memory(who, name), [contender, model]);
    const used = await attempt('memory-1m', () => withPage(browser, url, run));
    figures.memory.push({ contender, model, ...used });
  }
} finally {
  figures.environment = { ...figures.environment, ...describeMachine(browser.version()) };
  await browser.close();
}
figures.first = await attempt('first-answer', () => firstAnswers(server, models));
if (!figures.first.failed) figures.code = await attempt('first-answer', () => largestCode(figures.first[0], site));
await server.close();
figures.million = { modelBytes: readFileSync(join(models, 'dot-1m-int8.safetensors')).length };
figures.int8Ndcg = readIfThere(options['int8-ndcg']);

for (const [id, work] of Object.entries(figures.works)) work.floor = work.failed ? null : floorOf(id, work, figures.roofline);

const table = rows(figures);
mkdirSync(options.out, { recursive: true });
const file = join(options.out, 'browser.json');
writeFileSync(file, `${JSON.stringify({ rows: table, details: figures }, null, 2)}\n`);
printDetails(figures);
printRows(table);
if (options.plot && only === undefined) writeFileSync(options.plot, await plot(figures, table));
console.log(`\nwritten: ${file}${options.plot && only === undefined ? `, ${options.plot}` : ''}`);

function readIfThere(path) {
  return path !== undefined && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}
