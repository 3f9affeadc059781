// Serves a built site with `vite preview` and drives it in headless Chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { chromium } from 'playwright-core';

const ARGS = [
  '--no-sandbox', // containers run as root
  '--enable-unsafe-webgpu', // a software adapter in headless mode
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/**
 * Calls `work(recommendIn)`, where `recommendIn(loadOptions)` opens a fresh page, loads the model, recommends, and
 * returns `{ info, list, modules }`, `modules` being the WebAssembly files fetched. Fails on any failed request or page error, and on any request after the load.
 */
export async function inChromium(folder, work) {
  const port = await freePort();
  const server = spawn(
    process.execPath,
    ['node_modules/vite/bin/vite.js', 'preview', '--host', '127.0.0.1', '--port', String(port), '--strictPort'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  let browser;
  try {
    const origin = `http://127.0.0.1:${port}/`;
    await answering(origin, server);
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
    await work((options) => recommendIn(browser, origin, options));
  } finally {
    await browser?.close();
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
  }
}

async function recommendIn(browser, origin, options) {
  const page = await browser.newPage();
  const troubles = [];
  let requests = 0;
  const modules = [];
  page.on('request', (request) => {
    requests += 1;
    if (request.url().endsWith('.wasm')) modules.push(new URL(request.url()).pathname);
  });
  page.on('requestfailed', (request) => troubles.push(`request failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => response.status() >= 400 && troubles.push(`HTTP ${response.status()}: ${response.url()}`));
  page.on('pageerror', (error) => troubles.push(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && troubles.push(`console: ${message.text()}`));
  try {
    await page.goto(origin);
    await page.evaluate((given) => window.load(given), options);
    const atLoad = requests;
    const list = await page.evaluate(() => window.recommend());
    const info = await page.evaluate(() => window.settled());
    assert.deepEqual((await page.evaluate(() => window.recommend())).ids, list.ids, 'the answer must stay the same');
    assert.equal(requests, atLoad, 'nothing may be requested after the load');
    if (options.backend === 'auto') await page.evaluate((given) => window.disposeEarly(given), { worker: options.worker });
    assert.deepEqual(troubles, []);
    return { info, list, modules };
  } catch (error) {
    throw new Error(`with ${JSON.stringify(options)}: ${error.message}\n${troubles.join('\n')}`, { cause: error });
  } finally {
    await page.close();
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function answering(url, server) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    assert.equal(server.exitCode, null, 'vite preview ended early');
    const ok = await fetch(url).then((response) => response.ok, () => false);
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`expected vite preview at ${url} within 10 s, found no answer`);
}
