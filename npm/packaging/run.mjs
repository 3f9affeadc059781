// Packs the package, installs the tarball where its users would, and gets a recommendation in each place:
// plain Node, and a fresh Vite app in headless Chromium, in the page and in a worker, on the CPU and on WebGPU.
//
//   PROCLIVITY_MODEL=model.safetensors node packaging/run.mjs
//
// CHROMIUM names the browser (default /usr/bin/chromium).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inChromium } from './browser.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const packageFolder = resolve(here, '..');

const model = process.env.PROCLIVITY_MODEL && resolve(process.env.PROCLIVITY_MODEL);
if (!model || !existsSync(model)) {
  console.error(`expected PROCLIVITY_MODEL to name a model file, found ${model ?? 'nothing'}; train one with "proclivity train"`);
  process.exit(1);
}

const scratch = mkdtempSync(join(tmpdir(), 'proclivity-packaging-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const tarball = step('npm pack', pack);
const node = step('plain Node', () => inNode(tarball));
step('strict TypeScript', () => inTypeScript(join(scratch, 'node-app')));
const site = step('vite build', () => buildSite(tarball));

console.log('headless Chromium');
await inChromium(site, async (recommendIn) => {
  for (const options of [
    { backend: 'cpu', worker: false },
    { backend: 'cpu', worker: true },
    { backend: 'cpu', worker: false, plain: true },
    { backend: 'webgpu', worker: false },
    { backend: 'webgpu', worker: true },
    { backend: 'auto', worker: false },
    { backend: 'auto', worker: true },
  ]) {
    const { info, list, modules } = await recommendIn(options);
    assert.equal(new Set(modules).size, 1, `one build must be fetched, found ${modules.join(', ')}`);
    assert.equal(modules[0].includes('relaxed'), !options.plain, `found ${modules[0]} with ${JSON.stringify(options)}`);
    if (options.backend === 'auto') assert.match(info.reason, /^faster on this device: an answer takes .* ms on the |within 1500 ms/);
    else assert.equal(info.backend, options.backend, `expected ${options.backend}, found ${info.backend}: ${info.reason}`);
    assert.equal(info.worker, options.worker);
    checkList(list);
    assert.deepEqual(list.ids, node.ids, `the browser and Node must recommend the same with ${JSON.stringify(options)}`);
    const place = `${options.backend}${options.worker ? ' in a worker' : ''}${options.plain ? ', plain build' : ''}`;
    console.log(`  ${place}: the same ten ids, ${list.millis.toFixed(2)} ms (${options.backend === 'auto' ? info.reason : (info.adapter ?? info.kernels)})`);
  }
});
console.log(`packaging: ok (${node.ids.join(' ')})`);

/** Packs as for publishing and returns the tarball's path. */
function pack() {
  run('npm', ['pack', '--loglevel=error', '--pack-destination', scratch], packageFolder);
  const { name, version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const tgz = join(scratch, `${name}-${version}.tgz`);
  const packed = run('tar', ['-tzf', tgz], scratch).split('\n');
  for (const file of ['proclivity.js', 'proclivity_bg.wasm', 'proclivity_relaxed_bg.wasm']) {
    assert.ok(packed.includes(`package/wasm/${file}`), `the tarball must hold wasm/${file}`);
  }
  return tgz;
}

/** Installs the tarball in a copy of a template folder. */
function freshApp(template, packages) {
  const folder = join(scratch, template);
  cpSync(join(here, template), folder, { recursive: true });
  run('npm', ['install', '--loglevel=error', '--no-audit', '--no-fund', '--prefer-offline', ...packages], folder);
  return folder;
}

function inNode(tgz) {
  const folder = freshApp('node-app', [tgz]);
  run('node', ['import-only.mjs'], folder);
  const answer = JSON.parse(run('node', ['recommend.mjs'], folder, { PROCLIVITY_MODEL: model }));
  assert.equal(answer.info.backend, 'cpu');
  checkList(answer);
  return answer;
}

/** Type-checks a consumer under both module resolutions in use. */
function inTypeScript(folder) {
  copyFileSync(join(here, 'types-app/index.ts'), join(folder, 'index.ts'));
  const tsc = join(packageFolder, 'node_modules/typescript/bin/tsc');
  for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,dom.asynciterable'];
    run('node', [tsc, ...flags, '--module', module, '--moduleResolution', resolution, '--skipDefaultLibCheck', 'true', 'index.ts'], folder);
  }
}

/** Builds the Vite app, with the Vite version of the lock file, and returns its folder. */
function buildSite(tgz) {
  const lock = JSON.parse(readFileSync(join(packageFolder, 'package-lock.json'), 'utf8'));
  const folder = freshApp('vite-app', [tgz, `vite@${lock.packages['node_modules/vite'].version}`]);
  copyFileSync(join(here, 'node-app/purchases.mjs'), join(folder, 'src/purchases.mjs'));
  mkdirSync(join(folder, 'public'));
  copyFileSync(model, join(folder, 'public/model.safetensors'));
  writeFileSync(join(scratch, 'vite-build.log'), run('node', ['node_modules/vite/bin/vite.js', 'build'], folder));
  return folder;
}

/** Ten distinct items of the catalogue, none of them bought before. */
function checkList({ ids, known, purchases }) {
  assert.equal(ids.length, 10);
  assert.equal(new Set(ids).size, 10, 'the ids must be distinct');
  const catalogue = new Set(known);
  for (const id of ids) assert.ok(catalogue.has(id), `${id} must be in the catalogue`);
  for (const id of purchases) assert.ok(!ids.includes(id), `${id} was bought and must not come back`);
}

function run(command, args, cwd, env = {}) {
  try {
    return execFileSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    console.error(error.stdout);
    throw error;
  }
}

function step(name, work) {
  const start = performance.now();
  const result = work();
  console.log(`${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return result;
}
