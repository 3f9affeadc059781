// The bench on the terminal.
import { millis } from './rows.js';

export function printDetails({ works, scale, memory, first, code, environment, roofline }) {
  const { cpu, chromium, adapter, packages } = environment;
  console.log(`\nChromium ${chromium}, ${cpu}; WebGPU: ${adapter ?? 'none'}`);
  console.log(Object.entries(packages).map(([name, version]) => `${name} ${version}`).join(', '));
  if (!roofline.failed) {
    const rate = (name) => `${(roofline[name] / 1e9).toFixed(1)}`;
    console.log(`this page at best: ${rate('read')} GB/s read; products, G/s: ${['f32', 'f32Fused', 'int16', 'int8'].map((name) => `${name} ${rate(name)}`).join(', ')}`);
  }
  for (const [id, work] of Object.entries(works)) {
    if (work.failed) {
      if (work.failed !== 'not run') console.log(`\n${id}: failed: ${work.failed}`);
      continue;
    }
    const ours = work.contenders.find(({ peer }) => peer === null);
    console.log(`\n${id}: ${work.items.toLocaleString('en')} items`);
    printTable(
      ['', 'median', 'p10 to p90', 'to ours', 'recall@10', 'samples x calls'],
      work.contenders.map((one) => contenderCells(one, ours)),
    );
  }
  if (!scale.failed) {
    console.log('\nours by size of the catalogue, dot, int8');
    printTable(['items', 'median', 'p10 to p90'], scale.map((one) => [one.items.toLocaleString('en'), millis(one.median), spread(one)]));
  }
  const used = memory.filter(({ failed }) => failed !== 'not run');
  if (used.length > 0) {
    console.log('\npeak wasm memory');
    printTable(['', 'model', 'MB'], used.map(({ contender, model, bytes, failed }) => [contender, model, failed ? `failed: ${failed}` : (bytes / 1e6).toFixed(1)]));
  }
  if (!first.failed) {
    console.log('\npage start to first answer, and the code it takes (KB)');
    printTable(
      ['', 'median', 'p10 to p90', 'raw', 'gzip'],
      first.map((one) => (one.failed ? [one.name, `failed: ${one.failed}`] : firstCells(one))),
    );
    if (!code.failed) console.log(`  with the larger of our builds: ${kilobytes(code.raw)} KB raw, ${kilobytes(code.gzip)} KB gzip`);
  }
}

export function printRows(rows) {
  console.log('\nwhat must be reached');
  printTable(
    ['', 'value', 'target', '', '', ''],
    rows.map(({ id, value, target, unit, pass, note }) => [id, value === null ? '–' : figure(value), figure(target), unit, pass ? 'pass' : 'short', note]),
  );
}

function contenderCells(one, ours) {
  const name = one.detail ? `${one.name} (${one.detail})` : one.name;
  if (one.failed) return [name, `failed: ${one.failed}`];
  const ratio = ours.failed ? '' : `${(one.median / ours.median).toFixed(one.median < ours.median * 10 ? 2 : 1)}x`;
  return [name, millis(one.median), spread(one), ratio, one.check.recall.toFixed(3), `${one.samples} x ${one.reps}`];
}

function firstCells({ name, code, ...one }) {
  const timed = one.median === undefined ? ['', ''] : [millis(one.median), spread(one)];
  return [name, ...timed, kilobytes(code.raw), kilobytes(code.gzip)];
}

function spread({ p10, p90 }) {
  return `${millis(p10).replace(' ms', '')} to ${millis(p90).replace(' ms', '')}`;
}

function kilobytes(bytes) {
  return (bytes / 1000).toFixed(1);
}

function figure(value) {
  return value < 10 ? value.toPrecision(3) : value.toFixed(1);
}

/** Columns as wide as their widest cell; the last cell of a short row may run on. */
function printTable(head, lines) {
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.filter((line) => line.length === head.length).map((line) => line[column].length)));
  const line = (cells) => cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column]))).join('  ');
  for (const cells of all) if (cells.some((cell) => cell !== '')) console.log(`  ${line(cells)}`);
}
