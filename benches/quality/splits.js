// The fixed splits: where their files are, how a model is trained on one and measured on its test users.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { joinBaskets, rowsOf, csv } from './files.js';

/**
 * @typedef Split
 * @property {string} name
 * @property {string[]} log flags of `train` and `tune` that say which log is read
 * @property {string[]} validation flags that say which users settings are chosen on
 * @property {string[]} [search] the log that a search learns from, where the whole one holds what validation asks for
 * @property {string[][]} tests flags of `evaluate`, one list a question asked
 */

/** The strong splits: users never seen in training, part of their history given. */
function strong(folder, log) {
  const file = (name) => path.join(folder, `${name}.csv.gz`);
  return {
    log: [...log, '--keep-users', file('train_users'), '--keep-items', file('items')],
    validation: ['--validation-fold-in', file('val_fold_in'), '--validation-targets', file('val_targets')],
    tests: { strong: ['--fold-in', file('test_fold_in'), '--targets', file('test_targets')] },
  };
}

/**
 * Every split whose files are there; of the others the reason why they are skipped.
 * @param {{ root: string, shared: string, out: string }} places
 */
export async function openSplits({ root, shared, out }) {
  const makers = {
    'complete-journey-strong': () =>
      strong(path.join(shared, 'splits/complete-journey-strong'), [path.join(root, 'data/complete-journey/purchases.csv.gz')]),
    'goodbooks-strong': () =>
      strong(path.join(shared, 'splits/goodbooks-strong'), [path.join(shared, 'data/goodbooks-10k-v1/ratings.csv.gz'), '--min-value', '4']),
    'complete-journey-temporal': () => temporal(shared, out),
    'ml-1m-ncf': () => movielens(path.join(shared, 'data/ml-1m-ncf')),
  };
  const needed = {
    'complete-journey-strong': ['splits/complete-journey-strong'],
    'goodbooks-strong': ['splits/goodbooks-strong', 'data/goodbooks-10k-v1'],
    'complete-journey-temporal': ['splits/complete-journey-temporal', 'data/complete-journey'],
    'ml-1m-ncf': ['data/ml-1m-ncf'],
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
