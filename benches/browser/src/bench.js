// The page's side of the bench. node/run.js calls what stands in `window.bench`, one work after the other.
import { check, makeReference } from './check.js';
import { onnxruntime } from './contenders/onnxruntime.js';
import { proclivity } from './contenders/proclivity.js';
import { tensorflow } from './contenders/tensorflow.js';
import { measureRoofline } from './roofline.js';
import { readModel } from './safetensors.js';
import { mean, summary } from './statistics.js';
import { interleave } from './timing.js';
import { SCALE, SCALE_ROUNDS, WORKS } from './works.js';

const CHECKS_OF_SCALE = 2;

/** The users that go with a model. */
async function readUsers(name, dim) {
  const floats = new Float32Array(await (await fetch(`/models/${name}.users.f32`)).arrayBuffer());
  return Array.from({ length: floats.length / dim }, (_, at) => floats.slice(at * dim, (at + 1) * dim));
}

async function readTable(name) {
  return readModel(await (await fetch(`/models/${name}.safetensors`)).arrayBuffer());
}

/** Opens, checks, then times together whoever is right. Those who are not, or do not start, come back with the reason. */
async function runWork(id) {
  const { model: name, rounds, checks, contenders } = WORKS[id];
  const model = await readTable(name);
  const users = await readUsers(name, model.dim);
  const references = makeReference(model, users.slice(0, checks));
  const entered = [];
  for (const contender of contenders(() => Promise.resolve(model))) entered.push(await enter(contender, references));
  const running = entered.filter(({ session }) => session !== null);
  const timings = await interleave(running.map(({ session }) => ({ query: session.query, users })), rounds);
  running.forEach((contender, at) => Object.assign(contender, summary(timings[at].samples), { reps: timings[at].reps }));
  running.forEach(({ session }) => session.close());
  return {
    id,
    items: model.items,
    modelBytes: model.bytes,
    candidates: model.candidates,
    contenders: entered.map(({ session: _, ...rest }) => rest),
  };
}

async function enter({ name, peer, answers, open }, references) {
  const started = performance.now();
  let session = null;
  try {
    session = await open();
    const openMillis = performance.now() - started;
    return { name, peer, detail: session.detail, openMillis, check: await check(session, answers, references), session };
  } catch (thrown) {
    session?.close();
    return { name, peer, failed: thrown?.message ?? String(thrown), session: null };
  }
}

/** Ours over growing catalogues, each checked first, timed in turn. */
async function runScale() {
  const sessions = [];
  for (const name of SCALE) {
    const model = await readTable(name);
    const users = await readUsers(name, model.dim);
    const session = await proclivity(name, 'cpu').open();
    const checked = await check(session, 'int8-user', makeReference(model, users.slice(0, CHECKS_OF_SCALE)));
    sessions.push({ name, items: model.items, session, users, check: checked });
  }
  const timings = await interleave(sessions.map(({ session, users }) => ({ query: session.query, users })), SCALE_ROUNDS);
  sessions.forEach(({ session }) => session.close());
  return sessions.map(({ name, items, check: checked }, at) => ({ name, items, check: checked, ...summary(timings[at].samples), reps: timings[at].reps }));
}

/**
 * The cascade's top 10 against the top 10 of its own network over every item, for all the bench's users. The latter comes
 * from onnxruntime-web's graph, which is held to float64 first.
 */
async function agreement() {
  const name = 'cascade-100k';
  const model = await readTable(name);
  const users = await readUsers(name, model.dim);
  const full = await onnxruntime(name, 'expert', 'wasm').open();
  await check(full, 'float', makeReference(model, users.slice(0, 1)));
  const cascade = await proclivity(name, 'cpu').open();
  const shares = [];
  for (const user of users) {
    const wanted = new Set(full.read(await full.query(user)).items);
    const found = cascade.read(await cascade.query(user)).items;
    shares.push(found.filter((item) => wanted.has(item)).length / wanted.size);
  }
  full.close();
  cascade.close();
  return { candidates: model.candidates, users: users.length, mean: mean(shares), least: Math.min(...shares) };
}

/** Peak wasm memory after a load and some answers; in a page of its own, since memory never shrinks. */
async function memory(contender, name) {
  const table = () => readTable(name);
  const open = {
    proclivity: () => proclivity(name, 'cpu'),
    onnxruntime: () => onnxruntime(name, 'expert', 'wasm'),
    tensorflow: () => tensorflow(table, 'wasm'),
  }[contender];
  const session = await open().open();
  const users = await readUsers(name, 64);
  for (const user of users.slice(0, 8)) await session.query(user);
  return { contender, model: name, bytes: window.wasmMemoryBytes() };
}

async function environment() {
  const adapter = await navigator.gpu?.requestAdapter();
  return {
    userAgent: navigator.userAgent,
    crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
    adapter: adapter ? [adapter.info.vendor, adapter.info.architecture, adapter.info.description].filter(Boolean).join(' ') : null,
  };
}

window.bench = { works: Object.keys(WORKS), runWork, runScale, agreement, memory, environment, measureRoofline };
