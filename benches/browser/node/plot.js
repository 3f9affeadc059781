// The result as a picture: a panel a work, a bar a contender, on a log scale. Colours that stand on light and on dark.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { EMPTY } from './first-answer.js';
import { millis } from './rows.js';

const OURS = '#0d9488';
const PEER = '#94a3b8';
const TEXT = '#76808d';
const GRID = '#76808d40';
const FONT = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif';
const WIDTH = 560;
const BAR = 17;
const Y_AXIS = { labelLimit: 500, labelPadding: 8, minExtent: 300, maxExtent: 300 };

const TITLES = {
  'dot-100k-int8': 'dot product, 100,000 items × 64, int8',
  'dot-100k-f32': 'dot product, 100,000 items × 64, f32',
  'mlp-10k-f32': 'MLP 128→128→64→1 over 10,000 items, f32',
  'mlp-10k-int8': 'MLP 128→128→64→1 over 10,000 items, int8',
  'cascade-100k': 'cascade over 100,000 items; the others rank all of them',
  'mlp-10k-webgpu': 'MLP over 10,000 items, WebGPU on a software adapter',
};

/** @returns {Promise<string>} SVG */
export async function plot({ works, first, environment }) {
  const timed = Object.entries(works)
    .filter(([, work]) => !work.failed)
    .map(([id, work]) => ({ title: TITLES[id], bars: barsOf(work.contenders, ({ median }) => median, timeLabel) }));
  const panels = [];
  if (!first.failed) {
    timed.push({ title: 'page start to first answer, 10,000 items', bars: barsOf(first, ({ median }) => median, timeLabel) });
    const code = { title: 'code downloaded, gzip', bars: barsOf(first.filter(({ name }) => name !== EMPTY), (one) => one.code.gzip / 1000, codeLabel) };
    panels.push(panel(code, decades([code])));
  }
  // One scale for all times, so that bars compare across panels.
  panels.unshift(...timed.map((one) => panel(one, decades(timed))));
  const spec = {
    title: {
      text: 'Top 10 of a catalogue in the browser: median time a query',
      subtitle: `Log scales. One thread each, same weights, answers checked. Headless Chromium ${environment.chromium.split('.')[0]}, ${environment.cpu}.`,
      anchor: 'start',
      offset: 14,
    },
    vconcat: panels,
    spacing: 14,
    background: null,
    config: {
      font: FONT,
      view: { stroke: null },
      title: { color: TEXT, fontSize: 15, subtitleColor: TEXT, subtitleFontSize: 11, subtitlePadding: 5 },
      axis: { labelColor: TEXT, domain: false, ticks: false, gridColor: GRID, labelFontSize: 11 },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  return `${await view.toSVG()}\n`;
}

/** From the decade below the shortest bar to the one above the longest. */
function decades(panels) {
  const values = panels.flatMap(({ bars }) => bars.map(({ value }) => value));
  return [10 ** Math.floor(Math.log10(Math.min(...values) / 1.05)), 10 ** Math.ceil(Math.log10(Math.max(...values)))];
}

function panel({ title, bars }, domain) {
  const x = { field: 'value', type: 'quantitative', scale: { type: 'log', domain }, axis: null };
  const y = { field: 'name', type: 'nominal', sort: null, title: null, axis: Y_AXIS };
  return {
    title: { text: title, anchor: 'start', frame: 'group', fontSize: 12, fontWeight: 600, offset: 4 },
    width: WIDTH,
    height: { step: BAR + 5 },
    data: { values: bars },
    layer: [
      {
        mark: { type: 'bar', height: BAR, cornerRadiusEnd: 2 },
        encoding: { x, x2: { datum: domain[0] }, y, color: { field: 'colour', type: 'nominal', scale: null } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 5, fontSize: 11, color: TEXT },
        encoding: { x, y, text: { field: 'label', type: 'nominal' } },
      },
    ],
  };
}

/** A bar for each who has a figure; labels tell how it stands to ours. */
function barsOf(contenders, valueOf, labelOf) {
  const measured = contenders.filter((one) => !one.failed && valueOf(one) !== undefined);
  const isOurs = ({ name }) => name.startsWith('proclivity');
  const ours = measured.find(isOurs);
  return measured.map((one) => {
    const value = valueOf(one);
    const times = ours && value / valueOf(ours);
    const ratio = ours && one !== ours ? `, ${times < 10 ? times.toPrecision(2) : times.toFixed(0)}×` : '';
    return { name: one.name, value, label: `${labelOf(one, value)}${ratio}`, colour: isOurs(one) ? OURS : PEER };
  });
}

function timeLabel({ check }, value) {
  return `${millis(value)}${check && check.recall < 0.995 ? `, recall ${check.recall.toFixed(2)}` : ''}`;
}

function codeLabel(_, value) {
  return `${value.toFixed(0)} KB`;
}
