// The rows of networks, of hybrids and of what nobody has taken yet.
import { BEGINNERS, HYBRIDS, RECIPES } from './recipes.js';

/** Of the reference's NDCG@10; and times the better of two rules by genre. */
const REFERENCE_SHARE = 0.97;
const COLD_TIMES = 3;
/** Largest difference of a score from PyTorch's. */
const IMPORTED = 1e-4;
const EVENTS = [1, 3, 5, 10];

export function deepRows() {
  return [
    { id: 'sasrec', split: 'amazon-video', fast: false, measure: sequences },
    { id: 'sasrec-reference', split: 'amazon-video', fast: false, measure: reference },
    { id: 'cold-items', split: 'movietweetings-cold', fast: true, measure: coldItems },
    { id: 'hybrid-complete-journey-strong', split: 'complete-journey-strong', fast: false, measure: (lab) => hybrid(lab, 'complete-journey-strong') },
    { id: 'hybrid-goodbooks-strong', split: 'goodbooks-strong', fast: false, measure: (lab) => hybrid(lab, 'goodbooks-strong') },
    { id: 'first-events', split: 'complete-journey-strong', fast: false, measure: firstEvents },
    { id: 'pytorch-neumf', split: 'complete-journey-strong', fast: true, measure: (lab) => imported(lab, 'neumf') },
    { id: 'pytorch-two-tower', split: 'complete-journey-strong', fast: true, measure: (lab) => imported(lab, 'two_tower') },
  ];
}

/** Self-attention must be above every other family on the same split. */
async function sequences(lab) {
  const split = 'amazon-video';
  const values = {};
  for (const family of Object.keys(RECIPES[split])) {
    const model = await lab.model(split, family);
    values[family] = await lab.score(model, split, 'next', 'ndcg@10');
    lab.remember({ split, test: 'next', metric: 'ndcg@10', family, value: values[family], bytes: model.bytes, seconds: model.seconds });
  }
  const { sasrec: value, ...others } = values;
  const [best, target] = Object.entries(others).sort((a, b) => b[1] - a[1])[0];
  return { value, target, pass: value > target, bytes: (await lab.model(split, 'sasrec')).bytes, note: `NDCG@10 of the next item; the best of the others is ${best}` };
}

/** Self-attention must be within 3 % of a reference on the same split. */
async function reference(lab) {
  const split = 'amazon-video';
  const peer = await lab.reference(split);
  if (peer.skipped) return peer;
  const model = await lab.model(split, 'sasrec');
  const value = (await lab.score(model, split, 'next', 'ndcg@10')) / peer['ndcg@10'];
  return { value, target: REFERENCE_SHARE, pass: value >= REFERENCE_SHARE, bytes: model.bytes, note: `share of NDCG@10 ${peer['ndcg@10'].toFixed(4)} of SASRec in ${peer.version}, ${peer.epochs} epochs` };
}

/** Items that nobody took yet, by what they say of themselves, against rules by genre. */
async function coldItems(lab) {
  const split = 'movietweetings-cold';
  const model = await lab.updated(await lab.model(split, 'als', '', [], { validate: false }), split);
  const recall = await lab.score(model, split, 'cold', 'recall@20');
  const rules = lab.splits[split].baselines;
  const best = Math.max(...rules.map((rule) => rule.recall));
  const value = recall / best;
  return { value, target: COLD_TIMES, pass: value >= COLD_TIMES, bytes: model.bytes, note: `times the better rule; Recall@20 ${recall.toFixed(4)}, ${rules.map((rule) => `${rule.name} ${rule.recall.toFixed(4)}`).join(', ')}` };
}

/** The best hybrid must be above the best single family. */
async function hybrid(lab, split) {
  const recipes = { ...RECIPES[split], ...HYBRIDS[split] };
  const best = { single: { family: 'none', value: 0 }, hybrid: { family: 'none', value: 0 } };
  for (const [family, flags] of Object.entries(recipes)) {
    const model = await lab.model(split, family, '', flags);
    const value = await lab.score(model, split, 'strong', 'ndcg@100');
    const kind = family.includes('+') ? 'hybrid' : 'single';
    if (value > best[kind].value) best[kind] = { family, value, bytes: model.bytes };
  }
  const { family, value, bytes } = best.hybrid;
  return { value, target: best.single.value, pass: value > best.single.value, bytes, note: `${family} against ${best.single.family}, NDCG@100` };
}

/** What every family knows of a stranger after a few events, and a page that plots it. */
async function firstEvents(lab) {
  const split = 'complete-journey-strong';
  const models = [];
  for (const [family, flags] of Object.entries({ ...RECIPES[split], ...HYBRIDS[split], ...BEGINNERS })) {
    models.push(await lab.model(split, family, '', flags));
  }
  const json = await lab.beginnings(models, split, EVENTS);
  const last = ({ stages }) => stages.at(-1);
  const plotted = json.models.filter((model) => last(model).after.length === EVENTS.length);
  const best = EVENTS.map((events, at) => {
    const of = (model) => last(model).after[at].metrics['ndcg@100'].mean;
    const first = plotted.reduce((a, b) => (of(b) > of(a) ? b : a));
    for (const model of plotted) lab.remember({ split, test: `after ${events} events`, metric: 'ndcg@100', family: model.family, value: of(model), bytes: model.bytes, seconds: models[json.models.indexOf(model)].seconds });
    return `${events}: ${first.family} ${of(first).toFixed(4)}`;
  });
  return { value: plotted.length, target: models.length, pass: plotted.length === models.length, bytes: null, note: `families plotted after ${EVENTS.join(', ')} events in first-events.html; the best NDCG@100 after ${best.join(', ')}` };
}

/** A network trained by an example in PyTorch, and its scores on the device. */
async function imported(lab, example) {
  const found = await lab.pytorch(example);
  if (found.skipped) return found;
  const value = found.largest_difference;
  return { value, target: IMPORTED, pass: value <= IMPORTED, bytes: null, note: `largest difference of a score from PyTorch's, ${found.histories} histories, ${found.items} items` };
}
