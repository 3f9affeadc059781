// `make quality`: measures every row on the fixed splits through the files and the scorer that ship; with ONLY the rows whose
// id has it.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { Lab } from './lab.js';
import { rows } from './rows.js';
import { openSplits } from './splits.js';
import { printFamilies, printRows } from './table.js';

const { ROOT: root, SHARED: shared, OUT: out, TRAINER: trainer, PYTHON: python, TORCH: torch, FAST: fast, ONLY: only } = process.env;

await mkdir(out, { recursive: true });
const splits = await openSplits({ root, shared, out, trainer });
const lab = new Lab({ root, trainer, splits, out, python: python || null, torch: torch || null });
const figures = [];
for (const row of rows().filter(({ id }) => !only || id.includes(only))) {
  figures.push({ id: row.id, value: null, target: null, pass: false, bytes: null, ...(await figure(row)) });
  await writeFile(path.join(out, 'quality.json'), JSON.stringify({ rows: figures, families: lab.families }, null, 2) + '\n');
}
printFamilies(lab.families);
printRows(figures);
console.log(`written: ${path.join(out, 'quality.json')}`);

async function figure(row) {
  if (row.split && splits[row.split].skipped) return { note: `skipped: ${splits[row.split].skipped}` };
  if (fast && !row.fast) return { note: 'skipped: left out with FAST=1' };
  try {
    const { skipped, ...made } = await row.measure(lab);
    return skipped ? { note: `skipped: ${skipped}` } : made;
  } catch (error) {
    console.error(error.message);
    return { note: `failed: ${error.message.split('\n')[0]}` };
  }
}
