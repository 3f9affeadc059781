// The rows of what the device knows of its user, measured by replaying a log event by event.

import { BEGINNERS, HYBRIDS, RECIPES } from './recipes.js';

/** What learning online must add, and what it may take from users with histories of any length. */
const ONLINE_GAIN = 0.05;
const ONLINE_LOSS = 0.01;

/** Milliseconds from an event to the next list, how long the page's thread may be kept from others with a worker, and how often a page is killed in the middle of writes. */
const LATENCY = 5;
const FRAME = 16;
const RUNS = 3;
const KILLS = 1000;

/** Share of items that their first reason must lower more than another item. */
const REASONS = 0.9;

/** Times the share that the population's best window holds. */
const TIMING_SHARE = 1.3;

/** Of `diversity: 0.5` in lists of this length: how much more diverse they must be, and how much of NDCG they may lose. */
const LENGTH = 20;
const MORE_DIVERSE = 0.25;
const LESS_ACCURATE = 0.05;
/** Groups and the shares they must have in every list. */
const SHARES = [
  { group: { department: 'Produce' }, share: 0.4 },
  { group: { price: { lt: 2 } }, share: 0.7 },
];

/** @returns {{ id: string, fast: boolean, split: string, measure: (lab: import('./lab.js').Lab) => Promise<object> }[]} */
export function personRows() {
  return [
    { id: 'online', split: 'movietweetings-users', fast: true, measure: (lab) => online(lab, 'movietweetings-users', 'als', true, [[]]) },
    { id: 'online-shop', split: 'complete-journey-strong', fast: true, measure: (lab) => online(lab, 'complete-journey-strong', 'als+slim', false, [['--include-seen'], []]) },
    { id: 'reasons', split: 'complete-journey-strong', fast: false, measure: reasons },
    { id: 'latency', split: null, fast: true, measure: latency },
    { id: 'kills', split: null, fast: false, measure: kills },
    { id: 'timing', split: 'complete-journey-temporal', fast: true, measure: timing },
    { id: 'diversity', split: 'goodbooks-strong', fast: true, measure: (lab) => diversity(lab, 'goodbooks-strong') },
    { id: 'diversity-shop', split: 'complete-journey-strong', fast: true, measure: (lab) => diversity(lab, 'complete-journey-strong') },
    { id: 'rotation', split: 'movietweetings-users', fast: true, measure: (lab) => shown(lab, 'movietweetings-users', 'als', true, { rotationRate: 0.5, rotationHours: 336 }) },
    { id: 'exploration', split: 'complete-journey-strong', fast: true, measure: (lab) => shown(lab, 'complete-journey-strong', 'als+slim', false, { explore: { column: 'category', rate: 0.5, seed: 1 } }) },
    { id: 'fairness', split: 'complete-journey-strong', fast: true, measure: fairness },
  ];
}

/**
 * What learning from each event adds to folding in all of them, of users who were never seen: the first of `rankings` is judged, the others are
 * told. Validation users are the split's where they `validate` in order of time, otherwise a tenth of those to train on.
 */
async function online(lab, split, family, validate, rankings) {
  const { catalogue } = lab.splits[split];
  const model = await lab.model(split, family, 'online', catalogue ? ['--items', catalogue] : [], { validate });
  const told = [];
  for (const flags of rankings) told.push(await lab.followed(model, split, flags));
  const [{ ranking: { alone, learning, gain, moments }, groups }] = told;
  const percent = (share) => `${share < 0 ? '' : '+'}${(100 * share).toFixed(1)} %`;
  const each = (of) => of.map(({ events: [from, to], gain: change, error }) => `${from} to ${to} events ${percent(change)} ± ${(100 * error).toFixed(1)}`).join(', ');
  const pass = gain >= ONLINE_GAIN && groups.every((group) => group.gain !== null && group.gain >= -ONLINE_LOSS);
  const others = told.slice(1).map((other) => `; of new items alone ${other.ranking.alone.toFixed(4)} to ${other.ranking.learning.toFixed(4)} (${each(other.groups)})`).join('');
  return { value: gain, target: ONLINE_GAIN, pass, bytes: model.bytes, note: `NDCG@20 of what came next at ${moments} moments, ${alone.toFixed(4)} to ${learning.toFixed(4)}: ${each(groups)}${others}` };
}

/** Of every family: how often an item falls further without its first reason than without another item of the history. */
async function reasons(lab) {
  const shop = 'complete-journey-strong';
  const ofShop = Object.entries({ ...RECIPES[shop], ...HYBRIDS[shop], ...BEGINNERS }).map(([family, flags]) => [shop, family, flags]);
  const shares = [];
  // Of ratings, the one family that wants them.
  for (const [split, family, flags] of [...ofShop, ['movietweetings-users', 'svd++', []]]) {
    if (lab.splits[split] === undefined) continue;
    const model = await lab.model(split, family, '', flags);
    const { reasons: { lowered, items } } = await lab.followed(model, split, ['--reasons', '--moments', '3']);
    shares.push({ family, lowered, items });
  }
  const value = Math.min(...shares.map(({ lowered }) => lowered));
  return { value, target: REASONS, pass: value >= REASONS, bytes: null, note: `the least of: ${shares.map(({ family, lowered }) => `${family} ${(100 * lowered).toFixed(1)} %`).join(', ')}` };
}

/** From an event to the list that knows of it: the 95th percentile of the slowest way, medians of some runs, and whether the page's thread was free. */
async function latency(lab) {
  const runs = await lab.latency(RUNS);
  const median = (of) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)];
  const ways = runs[0].map(({ worker, storage, items }, way) => ({
    name: `${worker ? 'worker' : 'page'}, ${storage}`,
    worker,
    items,
    p95: median(runs.map((rows) => rows[way].answered.p95)),
    long: Math.max(...runs.map((rows) => rows[way].longTasks.length)),
    kept: Math.max(...runs.map((rows) => rows[way].blocked)),
  }));
  const value = Math.max(...ways.map(({ p95 }) => p95));
  const inWorkers = ways.filter(({ worker }) => worker);
  const long = Math.max(...inWorkers.map((way) => way.long));
  const kept = Math.max(...inWorkers.map((way) => way.kept));
  const each = ways.map(({ name, p95 }) => `${name} ${p95.toFixed(1)}`).join('; ');
  return { value, target: LATENCY, pass: value < LATENCY && long === 0 && kept < FRAME, bytes: null, note: `ms, 95th percentile of observe and recommend, ${ways[0].items} items, medians of ${RUNS} runs: ${each}; ${long} long tasks with a worker, its page's thread kept for ${kept.toFixed(1)} ms at most` };
}

/** A page is killed while it writes: every event that was acknowledged is there when it is opened anew. */
async function kills(lab) {
  const { kills: value, events } = await lab.kills(KILLS);
  return { value, target: KILLS, pass: value === KILLS, bytes: null, note: `kills; ${events} acknowledged events, none lost, every profile readable` };
}

/** Whether the best four hours of a user hold the next visit, of a month that the model was not trained on. */
async function timing(lab) {
  const { timing: { rhythm, population, own, visits } } = await lab.replayed('complete-journey-temporal');
  const value = rhythm / population;
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const pass = value >= TIMING_SHARE && rhythm > own;
  return { value, target: TIMING_SHARE, pass, note: `the next visit is within the user's best 4 hours in ${percent(rhythm)} of ${visits}, within the population's in ${percent(population)}, around the user's most frequent hour in ${percent(own)}` };
}

/** What half of all diversity gives and costs. */
async function diversity(lab, split) {
  const model = await catalogued(lab, split);
  const [plain, diverse] = await lab.lists(model, split, LENGTH, [{ diversity: 0.5 }]);
  const value = diverse.diversity / plain.diversity - 1;
  const lost = 1 - diverse.ndcg / plain.ndcg;
  const pass = value >= MORE_DIVERSE && lost <= LESS_ACCURATE;
  const change = (what, of) => (plain[of] === null ? '' : `${what} ${plain[of].toFixed(3)} to ${diverse[of].toFixed(3)}`);
  const changes = [change('1 - cosine', 'diversity'), change('1 - Jaccard of categories', 'categories')].filter(Boolean).join(', ');
  return { value, target: MORE_DIVERSE, pass, bytes: model.bytes, note: `more diverse lists of ${LENGTH} (${changes}) for ${(100 * lost).toFixed(1)} % of their NDCG; at most ${100 * LESS_ACCURATE} %` };
}

/** How much more of a list is new to who saw the one before, of users who are shown one at each visit, and what that costs. */
async function shown(lab, split, family, validate, options) {
  const { catalogue } = lab.splits[split];
  const model = await lab.model(split, family, 'online', catalogue ? ['--items', catalogue] : [], { validate });
  const { lists: [plain, changed] } = await lab.followed(model, split, ['--list', JSON.stringify(options)]);
  const value = changed.renewed / plain.renewed - 1;
  const lost = 1 - changed.ndcg / plain.ndcg;
  const each = (what, of, text) => `${what} ${text(plain[of])} to ${text(changed[of])}`;
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const changes = [each('of a list new since the last', 'renewed', percent), each('times an item was shown before', 'shown_before', (x) => x.toFixed(2)), each('of the catalogue shown', 'coverage', percent)];
  const pass = value > 0 && lost <= LESS_ACCURATE;
  return { value, target: 0, pass, bytes: model.bytes, note: `${JSON.stringify(options)}: ${changes.join(', ')}, for ${(100 * lost).toFixed(1)} % of NDCG@20; at most ${100 * LESS_ACCURATE} %` };
}

/** In how many lists a group has its share at every place. */
async function fairness(lab) {
  const split = 'complete-journey-strong';
  const model = await catalogued(lab, split);
  const [plain, ...fair] = await lab.lists(model, split, LENGTH, SHARES.map((of) => ({ fairness: of })));
  const value = Math.min(...fair.map(({ fair: share }) => share));
  const cost = fair.map(({ ndcg }, at) => `${JSON.stringify(SHARES[at])} for ${(100 * (1 - ndcg / plain.ndcg)).toFixed(1)} % of NDCG`);
  return { value, target: 1, pass: value === 1, bytes: model.bytes, note: `share of lists that meet FA*IR: ${cost.join('; ')}` };
}

/** The split's model with its catalogue, where it has one. */
function catalogued(lab, split) {
  const { catalogue } = lab.splits[split];
  return catalogue ? lab.model(split, 'als+slim', 'items', ['--items', catalogue]) : lab.model(split, 'als+slim');
}
