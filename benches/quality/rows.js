// What must be reached, a row an id, and how each figure is made.
import { deepRows } from './deep.js';
import { personRows } from './person.js';
import { RECIPES } from './recipes.js';

const MB = 1e6;
const LARGEST = 1.6 * MB;

/** Accuracy: split, family, question, metric, target. `fast` rows are measured with FAST=1 too. */
const ACCURACY = [
  { id: 'complete-journey-strong', family: 'als+slim', test: 'strong', metric: 'ndcg@100', target: 0.182, fast: true },
  { id: 'goodbooks-strong', family: 'als+slim', test: 'strong', metric: 'ndcg@100', target: 0.332, fast: true },
  { id: 'complete-journey-temporal-new', split: 'complete-journey-temporal', test: 'new', metric: 'ndcg@100', target: 0.101 },
  { id: 'complete-journey-temporal-all', split: 'complete-journey-temporal', test: 'all', metric: 'ndcg@100', target: 0.36 },
  { id: 'ml-1m-ncf-hr', split: 'ml-1m-ncf', test: 'sampled', metric: 'hr@10', target: 0.729 },
  { id: 'neumf-hr', split: 'ml-1m-ncf', family: 'neumf', test: 'sampled', metric: 'hr@10', target: 0.71 },
  { id: 'neumf-ndcg', split: 'ml-1m-ncf', family: 'neumf', test: 'sampled', metric: 'ndcg@10', target: 0.435 },
  { id: 'ml-1m-ncf-ndcg', split: 'ml-1m-ncf', test: 'sampled', metric: 'ndcg@10', target: 0.45 },
];
/** What `tune --family auto` searches, and the share of the best single family that it must reach. */
const SEARCHED = [
  { split: 'complete-journey-strong', test: 'strong', metric: 'ndcg@100' },
  { split: 'goodbooks-strong', test: 'strong', metric: 'ndcg@100' },
  { id: 'complete-journey-temporal-new', split: 'complete-journey-temporal', test: 'new', metric: 'ndcg@100' },
  { id: 'complete-journey-temporal-all', split: 'complete-journey-temporal', test: 'all', metric: 'ndcg@100' },
  { split: 'ml-1m-ncf', test: 'sampled', metric: 'ndcg@10' },
];
const BUDGET = '10m';
const AUTO_SHARE = 0.99;
/** Largest relative losses of NDCG@100, and the share of a peer's bytes: EASE kept to 100 neighbours, float32. */
const INT8_LOSS = 0.005;
const INT4_LOSS = 0.02;
const MAX_LOSS = 0.01;
/** The loss on validation users that the compressed model is chosen within: what is chosen by a few users loses a little more on others. */
const CHOSEN_LOSS = 0.002;
const PEER_BYTES = 8.3 * MB;
const PEER_SHARE = 0.1;
/** Time of training against the implicit package, and of EASE on 10,000 items. */
const ALS_TIMES = 1.2;
const RUNS = 3;
const EASE_SECONDS = 60;

/** @returns {{ id: string, fast: boolean, split: string, measure: (lab: import('./lab.js').Lab) => Promise<object> }[]} */
export function rows() {
  return [
    ...ACCURACY.map(({ id, split = id, family = 'als+ease', test, metric, target, fast = false }) => ({
      id, split, fast,
      measure: async (lab) => {
        const model = await lab.model(split, family);
        const value = await lab.score(model, split, test, metric);
        return { value, target, pass: value >= target && model.bytes <= LARGEST, bytes: model.bytes, note: `${family}, at most ${LARGEST / MB} MB; trained in ${model.seconds.toFixed(1)} s` };
      },
    })),
    ...SEARCHED.map(({ split, id = split, test, metric }) => ({ id: `auto-${id}`, split, fast: false, measure: (lab) => searched(lab, split, test, metric) })),
    ...deepRows(),
    ...personRows(),
    { id: 'int8-loss', split: 'complete-journey-strong', fast: true, measure: (lab) => loss(lab, ['--precision', 'f32'], 'int8', [], INT8_LOSS) },
    { id: 'int4-loss', split: 'complete-journey-strong', fast: true, measure: (lab) => loss(lab, ['--precision', 'f32'], 'int4', ['--precision', 'int4', '--int4-neighbours'], INT4_LOSS) },
    { id: 'compressed', split: 'complete-journey-strong', fast: true, measure: compressed },
    { id: 'als-time', split: 'complete-journey-strong', fast: true, measure: alsTime },
    { id: 'ease-time', split: 'goodbooks-strong', fast: true, measure: easeTime },
  ];
}

/** The search must end within a percent of the best single family. */
async function searched(lab, split, test, metric) {
  const { family: auto, model } = await lab.tuned(split, BUDGET);
  let best = { family: 'none', value: 0 };
  for (const family of Object.keys(RECIPES[split])) {
    const single = await lab.model(split, family);
    const value = await lab.score(single, split, test, metric);
    lab.remember({ split, test, metric, family, value, bytes: single.bytes, seconds: single.seconds });
    if (value > best.value) best = { family, value };
  }
  const value = await lab.score(model, split, test, metric);
  const target = AUTO_SHARE * best.value;
  return { value, target, pass: value >= target, bytes: model.bytes, note: `${auto} within ${BUDGET}; the best single family is ${best.family}, ${best.value.toFixed(4)}` };
}

/** What storing fewer bits costs: the same recipe in float32 and otherwise. */
async function loss(lab, exact, name, flags, target) {
  const split = 'complete-journey-strong';
  const [whole, small] = [await lab.model(split, 'als+ease', 'f32', exact), await lab.model(split, 'als+ease', name, flags)];
  const [before, after] = [await lab.score(whole, split, 'strong', 'ndcg@100'), await lab.score(small, split, 'strong', 'ndcg@100')];
  const value = Math.max(0, 1 - after / before);
  return { value, target, pass: value <= target, bytes: small.bytes, note: `NDCG@100 ${after.toFixed(4)}, ${before.toFixed(4)} in f32 rows` };
}

/** The smallest model within a stated loss, chosen on validation users and measured on test users. */
async function compressed(lab) {
  const split = 'complete-journey-strong';
  const whole = await lab.model(split, 'als+ease');
  const small = await lab.compressed(whole, split, `${100 * CHOSEN_LOSS}%`);
  const [before, after] = [await lab.score(whole, split, 'strong', 'ndcg@100'), await lab.score(small, split, 'strong', 'ndcg@100')];
  const lost = Math.max(0, 1 - after / before);
  const value = small.bytes / PEER_BYTES;
  return { value, target: PEER_SHARE, pass: value <= PEER_SHARE && lost <= MAX_LOSS, bytes: small.bytes, note: `share of the bytes of EASE with 100 neighbours in float32; loss ${(100 * lost).toFixed(2)} %` };
}

/** The same factorisation as the implicit package does, both with two threads: medians of runs in turn. */
async function alsTime(lab) {
  const [ours, theirs] = [[], []];
  for (let at = 0; at < RUNS; at += 1) {
    const peer = await lab.implicit('complete-journey-strong');
    if (peer.skipped) return peer;
    theirs.push(peer);
    ours.push(await lab.model('complete-journey-strong', 'als', `timed-${at}`, ['--als-alpha', '2', '--als-regularization', '1', '--als-regularization-power', '0', '--epochs', '15', '--validation', '0'], { validate: false }));
  }
  const [our, their] = [median(ours), median(theirs)];
  const value = our.seconds / their.seconds;
  return { value, target: ALS_TIMES, pass: value <= ALS_TIMES, bytes: our.bytes, note: `${our.seconds.toFixed(1)} s against ${their.seconds.toFixed(1)} s of implicit ${their.version}, 15 iterations, medians of ${RUNS} runs in turn; peak memory ${megabytes(our.peakBytes)}` };
}

/** The run of median time. */
function median(runs) {
  return runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)];
}

async function easeTime(lab) {
  const model = await lab.model('goodbooks-strong', 'ease', 'timed', ['--validation', '0'], { validate: false });
  return { value: model.seconds, target: EASE_SECONDS, pass: model.seconds <= EASE_SECONDS, bytes: model.bytes, note: `seconds for 9,999 items; peak memory ${megabytes(model.peakBytes)}` };
}

function megabytes(bytes) {
  return bytes === null ? 'not known here' : `${(bytes / MB).toFixed(0)} MB`;
}
