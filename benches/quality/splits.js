// The fixed splits: where their files are, how a model is trained on one and measured on its test users.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

import { joinBaskets, rowsOf, csv } from './files.js';
import { run } from './trainer.js';

/**
 * @typedef Split
 * @property {string} name
 * @property {string[]} log flags of `train` and `tune` that say which log is read
 * @property {string[]} validation flags that say which users settings are chosen on
 * @property {string[]} [search] the log that a search learns from, where the whole one holds what validation asks for
 * @property {string[][]} tests flags of `evaluate`, one list a question asked
 * @property {string[]} [follow] flags of `replay` that say which users' events are followed
 * @property {string} [catalogue] columns of its items
 * @property {string} [sequences] the file of a split by order, for peers
 * @property {string} [items] the catalogue with items that the log does not have
 * @property {{ name: string, recall: number }[]} [baselines] what simple rules give on a split of cold items, Recall@20
 */

/** The strong splits: users never seen in training, part of their history given. */
function strong(folder, log) {
  const file = (name) => path.join(folder, `${name}.csv.gz`);
  return {
    log: [...log, '--keep-users', file('train_users'), '--keep-items', file('items')],
    validation: ['--validation-fold-in', file('val_fold_in'), '--validation-targets', file('val_targets')],
    follow: [...log, '--keep-users', file('test_fold_in'), '--keep-items', file('items'), ...KEEP_ALL],
    tests: { strong: ['--fold-in', file('test_fold_in'), '--targets', file('test_targets')] },
  };
}

/**
 * Every split whose files are there; of the others the reason why they are skipped.
 * @param {{ root: string, shared: string, out: string, trainer: string }} places
 */
export async function openSplits({ root, shared, out, trainer }) {
  const makers = {
    'complete-journey-strong': () =>
      ({
        ...strong(path.join(shared, 'splits/complete-journey-strong'), [path.join(root, 'data/complete-journey/purchases.csv.gz')]),
        catalogue: path.join(root, 'data/complete-journey/items.csv.gz'),
      }),
    'goodbooks-strong': () =>
      strong(path.join(shared, 'splits/goodbooks-strong'), [path.join(shared, 'data/goodbooks-10k-v1/ratings.csv.gz'), '--min-value', '4']),
    'complete-journey-temporal': () => temporal(shared, out),
    'ml-1m-ncf': () => movielens(path.join(shared, 'data/ml-1m-ncf')),
    'amazon-video': () => lastOut(path.join(shared, 'data/sequences/amazon-video-sasrec.csv.gz'), path.join(out, 'amazon-video')),
    'movietweetings-users': () => heldOutUsers(path.join(shared, 'data/movietweetings-2013'), path.join(out, 'movietweetings-users'), trainer),
    'movietweetings-cold': () => coldItems(path.join(shared, 'data/movietweetings-2013'), path.join(out, 'movietweetings-cold')),
  };
  const needed = {
    'complete-journey-strong': ['splits/complete-journey-strong'],
    'goodbooks-strong': ['splits/goodbooks-strong', 'data/goodbooks-10k-v1'],
    'complete-journey-temporal': ['splits/complete-journey-temporal', 'data/complete-journey'],
    'ml-1m-ncf': ['data/ml-1m-ncf'],
    'amazon-video': ['data/sequences/amazon-video-sasrec.csv.gz'],
    'movietweetings-users': ['data/movietweetings-2013'],
    'movietweetings-cold': ['data/movietweetings-2013'],
  };
  const splits = {};
  for (const [name, make] of Object.entries(makers)) {
    const absent = needed[name].map((folder) => path.join(shared, folder)).filter((folder) => !existsSync(folder));
    splits[name] = absent.length > 0 ? { skipped: `not part of the repository; expected in ${absent.join(' and ')}` } : await make();
  }
  return splits;
}

const CUT = '2017-11-01';
const VALIDATION_CUT = '2017-10-01';

/** One year of purchases: training before a day, targets from then on; validation the same a month earlier. */
async function temporal(shared, out) {
  const folder = path.join(out, 'temporal');
  const split = path.join(shared, 'splits/complete-journey-temporal');
  const file = (name) => path.join(folder, name);
  if (!existsSync(file('done'))) {
    await mkdir(folder, { recursive: true });
    const rows = await joinBaskets(path.join(shared, 'data/complete-journey'));
    const before = (cut) => rows.filter(({ time }) => time < cut).map(({ user, time, item }) => [user, time, item]);
    await writeFile(file('log.csv'), csv(['user', 'timestamp', 'item'], before(CUT)));
    await writeFile(file('earlier.csv'), csv(['user', 'timestamp', 'item'], before(VALIDATION_CUT)));
    const users = new Set((await rowsOf(path.join(split, 'train_users.csv.gz'))).map(([user]) => user));
    const targets = (await rowsOf(path.join(split, 'targets_all.csv.gz'))).filter(([user]) => users.has(user));
    await writeFile(file('all.csv'), csv(['user', 'item'], targets.map(([user, item]) => [user, item])));
    await writeFile(file('new.csv'), csv(['user', 'item'], targets.filter(([, , fresh]) => fresh === '1').map(([user, item]) => [user, item])));
    await writeFile(file('validation.csv'), csv(['user', 'item'], newIn(rows, VALIDATION_CUT, CUT)));
    await writeFile(file('done'), '');
  }
  const cleaning = ['--min-item-users', '20', '--min-user-items', '1', '--keep-outliers'];
  return {
    log: [file('log.csv'), ...cleaning],
    validation: ['--validation-fold-in', file('earlier.csv'), '--validation-targets', file('validation.csv')],
    search: [file('earlier.csv'), ...cleaning],
    replay: [file('log.csv'), ...cleaning, '--from', VALIDATION_CUT],
    tests: {
      new: ['--fold-in', file('log.csv'), '--targets', file('new.csv')],
      all: ['--fold-in', file('log.csv'), '--targets', file('all.csv'), '--include-seen'],
    },
  };
}

/** What users of ten items and more took for the first time within a span. */
function newIn(rows, from, to) {
  const known = new Map();
  for (const { user, item } of rows.filter(({ time }) => time < from)) known.set(user, (known.get(user) ?? new Set()).add(item));
  const targets = new Set();
  for (const { user, item, time } of rows) {
    if (time >= from && time < to && (known.get(user)?.size ?? 0) >= 10 && !known.get(user).has(item)) targets.add(`${user},${item}`);
  }
  return [...targets].map((pair) => pair.split(','));
}

/** The protocol of the NCF paper: the last item of each user among 99 it never took. */
function movielens(folder) {
  const file = (name) => path.join(folder, `${name}.csv.gz`);
  return {
    log: [file('train'), '--min-user-items', '1', '--min-item-users', '1', '--keep-outliers'],
    validation: [],
    tests: { sampled: ['--fold-in', file('train'), '--targets', file('test'), '--negatives', file('test_negative'), '--at', '10'] },
  };
}

/** Users held out by the trainer's own split, with times, to be followed rating by rating. */
async function heldOutUsers(source, folder, trainer) {
  const file = (name) => path.join(folder, `${name}.csv.gz`);
  const log = path.join(source, 'ratings.csv.gz');
  if (!existsSync(path.join(folder, 'done'))) {
    await run(trainer, ['split', log, '--by', 'users', '-o', folder, '--json']);
    await writeFile(path.join(folder, 'done'), '');
  }
  return {
    log: [file('train'), '--keep-items', file('items')],
    catalogue: path.join(source, 'items.csv.gz'),
    validation: ['--validation-fold-in', file('val_fold_in'), '--validation-targets', file('val_targets')],
    follow: [log, '--keep-users', file('test_fold_in'), '--keep-items', file('items'), ...KEEP_ALL],
    tests: {},
  };
}

const KEEP_ALL = ['--min-user-items', '1', '--min-item-users', '1', '--keep-outliers'];

/** Leave-last-out: the last item of each list is asked for, the one before it chooses settings, for a share of the lists. */
async function lastOut(sequences, folder) {
  const file = (name) => path.join(folder, `${name}.csv`);
  if (!existsSync(file('done'))) {
    await mkdir(folder, { recursive: true });
    const lists = (await rowsOf(sequences)).map((row) => [row[0], row.at(-1).split(' ')]).filter(([, items]) => items.length >= 3);
    const rows = (of) => lists.flatMap(([user, items]) => of(items).map((item, at) => [user, item, 1_000_000_000 + 86_400 * at]));
    const chosen = lists.filter(([, items], at) => at % 10 === 0 && items.length > 3);
    const head = ['user', 'item', 'timestamp'];
    await writeFile(file('train'), csv(head, rows((items) => items.slice(0, -2))));
    await writeFile(file('fold_in'), csv(head, rows((items) => items.slice(0, -1))));
    await writeFile(file('targets'), csv(['user', 'item'], lists.map(([user, items]) => [user, items.at(-1)])));
    await writeFile(file('val_fold_in'), csv(head, chosen.flatMap(([user, items]) => items.slice(0, -2).map((item, at) => [user, item, 1_000_000_000 + 86_400 * at]))));
    await writeFile(file('val_targets'), csv(['user', 'item'], chosen.map(([user, items]) => [user, items.at(-2)])));
    await writeFile(file('done'), '');
  }
  return {
    sequences,
    log: [file('train'), ...KEEP_ALL],
    validation: ['--validation-fold-in', file('val_fold_in'), '--validation-targets', file('val_targets')],
    tests: { next: ['--fold-in', file('fold_in'), '--targets', file('targets'), '--at', '10'] },
  };
}

/**
 * Items of the last tenth of first appearances are taken out of the log; users who took one are asked for it among all such items, given
 * what they took before.
 */
async function coldItems(source, folder) {
  const file = (name) => path.join(folder, `${name}.csv`);
  const events = (await rowsOf(path.join(source, 'ratings.csv.gz'))).map(([user, item, , time]) => ({ user, item, time: Number(time) })).sort((a, b) => a.time - b.time);
  const order = [...new Set(events.map(({ item }) => item))];
  const cold = new Set(order.slice(order.length - Math.floor(order.length / 10)));
  const since = new Map();
  for (const { user, item, time } of events) if (cold.has(item) && !since.has(user)) since.set(user, time);
  const [histories, targets] = [new Map(), new Map()];
  for (const { user, item, time } of events.filter(({ user }) => since.has(user))) {
    const lists = cold.has(item) ? targets : time < since.get(user) ? histories : null;
    lists?.set(user, (lists.get(user) ?? new Map()).set(item, time));
  }
  const users = [...targets.keys()].filter((user) => histories.has(user));
  await mkdir(folder, { recursive: true });
  // Titles may hold commas: the file goes on as it is.
  await writeFile(file('items'), gunzipSync(await readFile(path.join(source, 'items.csv.gz'))));
  await writeFile(file('train'), csv(['user', 'item', 'timestamp'], events.filter(({ item }) => !cold.has(item)).map(({ user, item, time }) => [user, item, time])));
  await writeFile(file('fold_in'), csv(['user', 'item', 'timestamp'], users.flatMap((user) => [...histories.get(user)].map(([item, time]) => [user, item, time]))));
  await writeFile(file('targets'), csv(['user', 'item'], users.flatMap((user) => [...targets.get(user).keys()].map((item) => [user, item]))));
  await writeFile(file('negatives'), csv(['user', 'item'], users.flatMap((user) => [...cold].filter((item) => !targets.get(user).has(item)).map((item) => [user, item]))));
  const genres = new Map((await readFile(file('items'), 'utf8')).trim().split('\n').slice(1).map((line) => [line.slice(0, line.indexOf(',')), line.slice(line.lastIndexOf(',') + 1).split('|').filter(Boolean)]));
  return {
    items: file('items'),
    log: [file('train'), '--items', file('items'), '--column', 'title=text', '--column', 'genres=text', '--column', 'year=number', ...KEEP_ALL],
    validation: [],
    tests: { cold: ['--fold-in', file('fold_in'), '--targets', file('targets'), '--negatives', file('negatives'), '--at', '20'] },
    baselines: byGenre({ events: events.filter(({ item }) => !cold.has(item)), genres, cold: [...cold].sort(), users, histories, targets }),
  };
}

/** Recall@20 of two rules: items of the genres that are popular with all, and with the user. */
function byGenre({ events, genres, cold, users, histories, targets }) {
  const count = (items) => {
    const counts = new Map();
    for (const genre of items.flatMap((item) => genres.get(item) ?? [])) counts.set(genre, (counts.get(genre) ?? 0) + 1);
    return counts;
  };
  const score = (item, counts) => {
    const own = genres.get(item) ?? [];
    return own.reduce((sum, genre) => sum + (counts.get(genre) ?? 0), 0) / Math.max(1, own.length);
  };
  const recall = (countsOf) => {
    const each = users.map((user) => {
      const counts = countsOf(user);
      const list = cold.map((item) => [item, score(item, counts)]).sort((a, b) => b[1] - a[1]).slice(0, 20);
      return list.filter(([item]) => targets.get(user).has(item)).length / Math.min(20, targets.get(user).size);
    });
    return each.reduce((sum, x) => sum + x, 0) / each.length;
  };
  const all = count(events.map(({ item }) => item));
  return [
    { name: 'genres popular with all', recall: recall(() => all) },
    { name: 'genres popular with the user', recall: recall((user) => count([...histories.get(user).keys()])) },
  ];
}
