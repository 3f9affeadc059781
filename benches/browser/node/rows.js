// The table of what must be reached: a row an id, with the figure, the target, and whether it is met.
import { EMPTY } from './first-answer.js';

const KB = 1000;
const MB = 1e6;

/**
 * What each timed row must reach against the fastest of its rivals: times faster. The targets of the dot rows were set
 * against the naive graph, the table as it is stored; the note says how we stand to the others.
 */
const RATIOS = {
  'dot-100k-int8': { target: 15, rivals: /^onnxruntime-web wasm, naive/ },
  'dot-100k-f32': { target: 3, rivals: /^onnxruntime-web wasm, naive/ },
  'mlp-10k-f32': { target: 4, rivals: /^onnxruntime-web wasm, expert/ },
  'mlp-10k-int8': { target: 8, rivals: /^onnxruntime-web wasm, expert/ },
  'cascade-100k': { target: 100, rivals: /^onnxruntime-web wasm, expert/ },
  'mlp-10k-webgpu': { target: 5, rivals: /^(onnxruntime-web|TensorFlow)/ },
};
const AGREEMENT = 0.95;
const FIRST_ANSWER = 12;
const CODE_KB = 100;
const CODE_TIMES = 60;
const LINEAR = 1;
const MEMORY_FACTOR = 1.3;
const MEMORY_EXTRA = 8 * MB;
const NDCG_LOSS = 0.005;

/** @returns {{ id: string, value: number | null, target: number, unit: string, pass: boolean, note: string }[]} */
export function rows(figures) {
  return [
    ...Object.entries(RATIOS).map(([id, { target, rivals }]) => ratioRow(id, figures.works[id], target, rivals)),
    guard('cascade-agreement', AGREEMENT, 'share of places', agreementRow, figures.agreement),
    guard('first-answer', FIRST_ANSWER, 'times sooner', firstAnswerRow, figures.first),
    guard('code-gzip', CODE_KB, 'KB', (code) => codeRow(code, figures.first), figures.code ?? { failed: 'no first answer' }),
    guard('scale-1m', LINEAR, 'of linear', scaleRow, figures.scale),
    guard('memory-1m', memoryLimit(figures) / MB, 'MB', (memory) => memoryRow(memory, figures), figures.memory[0]),
    guard('int8-ndcg', NDCG_LOSS, 'relative loss', ndcgRow, figures.int8Ndcg ?? { failed: 'the trainer gave no figures' }),
  ];
}

/** A row, or one that says why there is no figure. */
function guard(id, target, unit, make, figure) {
  if (figure?.failed) return { id, value: null, target, unit, pass: false, note: `failed: ${figure.failed}` };
  return { id, target, unit, ...make(figure) };
}

function ratioRow(id, work, target, rivals) {
  const unit = 'times faster';
  const failed = (note) => ({ id, value: null, target, unit, pass: false, note: `failed: ${note}` });
  if (work.failed) return failed(work.failed);
  const ours = work.contenders.find(({ peer }) => peer === null);
  if (ours.failed) return failed(`ours: ${ours.failed}`);
  const timed = work.contenders.filter(({ name, failed: reason }) => rivals.test(name) && !reason);
  if (timed.length === 0) return failed('no rival gave a right answer');
  const rival = timed.reduce((a, b) => (b.median < a.median ? b : a));
  const value = rival.median / ours.median;
  const others = work.contenders.filter((one) => one !== ours && one !== rival && !one.failed && one.median < rival.median);
  const faster = others.map(({ name, median, check }) => {
    const recall = check.recall < 0.999 ? `, recall ${check.recall.toFixed(2)}` : '';
    return `; ${(median / ours.median).toFixed(1)} times against ${millis(median)} of ${name}${recall}`;
  });
  const pass = value >= target;
  const floor = pass || !work.floor ? '' : `; ${floorNote(work.floor)}`;
  const note = `${millis(ours.median)} (${ours.detail}) against ${millis(rival.median)} of ${rival.name}${faster.join('')}${floor}`;
  return { id, value, target, unit, pass, note };
}

/** The roofline, for a figure that falls short. */
function floorNote({ bytes, products, readMillis, multiplyMillis, by }) {
  const reading = `${(bytes / MB).toFixed(1)} MB read in ${millis(readMillis)}`;
  return `the page's floor: ${reading}, ${(products / MB).toFixed(1)} M products (${by}) in ${millis(multiplyMillis)}`;
}

function agreementRow({ mean, least, users, candidates }) {
  const note = `${candidates} candidates of the file, ${users} users, least ${least.toFixed(1)}`;
  return { value: mean, pass: mean >= AGREEMENT, note };
}

function firstAnswerRow(pages) {
  const [ours, rival] = pages;
  const failed = [ours, rival].find((one) => one.failed);
  if (failed) return { value: null, pass: false, note: `failed: ${failed.name}: ${failed.failed}` };
  const value = rival.median / ours.median;
  const pass = value >= FIRST_ANSWER;
  const empty = pages.find(({ name }) => name === EMPTY);
  const most = rival.median / empty.median;
  const floor = pass || empty.failed ? '' : `; ${EMPTY} takes ${millis(empty.median)}, so that ${most.toFixed(1)} times is the most there is`;
  return { value, pass, note: `${millis(ours.median)} against ${millis(rival.median)} of ${rival.name}${floor}` };
}

function codeRow(code, first) {
  const rival = first.find(({ name }) => name === 'onnxruntime-web WebGPU');
  const value = code.gzip / KB;
  if (rival.failed) return { value, pass: false, note: `failed: ${rival.name}: ${rival.failed}` };
  const times = rival.code.gzip / code.gzip;
  const note = `${times.toFixed(1)} times smaller (at least ${CODE_TIMES}) than ${(rival.code.gzip / KB).toFixed(0)} KB of ${rival.name}`;
  return { value, pass: value <= CODE_KB && times >= CODE_TIMES, note };
}

function scaleRow(sizes) {
  const [first, last] = [sizes[0], sizes.at(-1)];
  const value = last.median / first.median / (last.items / first.items);
  const note = sizes.map(({ items, median }) => `${items.toLocaleString('en')}: ${millis(median)}`).join(', ');
  return { value, pass: value <= LINEAR, note };
}

function memoryLimit({ million }) {
  return MEMORY_FACTOR * million.modelBytes + MEMORY_EXTRA;
}

function memoryRow({ bytes }, figures) {
  const { modelBytes } = figures.million;
  const note = `${(bytes / modelBytes).toFixed(2)} times the model's ${(modelBytes / MB).toFixed(1)} MB; at most ${MEMORY_FACTOR} times and 8 MB`;
  return { value: bytes / MB, pass: bytes <= memoryLimit(figures), note };
}

/** The trainer's figures: `{ f32, int8 }`, NDCG@100 on the same users. */
function ndcgRow({ f32, int8, note = '' }) {
  const value = (f32 - int8) / f32;
  return { value, pass: value <= NDCG_LOSS, note: `NDCG@100 ${int8.toFixed(4)} against ${f32.toFixed(4)} in f32${note && `; ${note}`}` };
}

export function millis(value) {
  return `${value < 10 ? value.toPrecision(3) : value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
