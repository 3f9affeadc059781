// Reading and writing the small tables of the splits.
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** The rows of a gzip'd CSV file without quotes, its header left out. */
export async function rowsOf(file) {
  const rows = [];
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()), crlfDelay: Infinity });
  for await (const line of lines) rows.push(line.split(','));
  return rows.slice(1);
}

/** Purchases with their times, in order of time: lines joined with the baskets they belong to. */
export async function joinBaskets(folder) {
  const baskets = new Map((await rowsOf(path.join(folder, 'baskets.csv.gz'))).map(([basket, user, time]) => [basket, { user, time }]));
  const lines = await rowsOf(path.join(folder, 'lines.csv.gz'));
  const rows = lines.map(([basket, item]) => ({ ...baskets.get(basket), item }));
  return rows.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

export function csv(header, rows) {
  return [header, ...rows].map((row) => row.join(',')).join('\n') + '\n';
}
