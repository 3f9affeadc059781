import type { BackendName, Info } from 'proclivity';
import { announce } from '../announce.ts';
import { h, icon } from '../dom.ts';
import { median, MODELS, type ModelName } from '../engine.ts';
import { bytes, count, millis, plural } from '../format.ts';
import { onRequest, requestsSinceLoad } from '../requests.ts';
import type { Shop } from '../shop.ts';
import { knowledge } from './knowledge.ts';
import { nudge } from './nudge.ts';

const WIDE = matchMedia('(min-width: 72rem)');
const BACKENDS = ['webgpu', 'cpu'] as const;
const NAMES: Record<BackendName, string> = { webgpu: 'WebGPU', cpu: 'CPU' };

/** "On your device": what computes, how fast, how large, how many requests, and what it knows. */
export function devicePanel(shop: Shop): HTMLElement {
  const { engine } = shop;
  const glance = h('span', { class: 'device-glance' });
  const requests = h('output', { class: 'device-zero', id: 'requests' });
  const reason = h('p', { class: 'device-reason', id: 'backend-reason' });
  const facts = h('dl', { class: 'facts' });
  const bars = h('div', { class: 'bars', 'aria-hidden': 'true' });
  const models = (Object.keys(MODELS) as ModelName[]).map((name) => modelChoice(name, shop, reason));
  const choices = BACKENDS.map((name) => choice(name, shop, reason));

  const draw = () => {
    const info = engine.info();
    const last = engine.timings.at(-1) ?? 0;
    glance.textContent = `${NAMES[info.backend]}, ${millis(last)}`;
    requests.textContent = count(requestsSinceLoad());
    requests.nextElementSibling?.replaceChildren(requestsSinceLoad() === 1 ? 'request since load' : 'requests since load');
    reason.textContent = sentence(info.reason);
    for (const { input, name } of choices) input.checked = name === info.backend;
    for (const { input, name } of models) input.checked = name === engine.model;
    facts.replaceChildren(...rows(info, engine.timings, shop));
    drawBars(bars, engine.timings);
  };
  engine.onChange(draw);
  onRequest(draw);

  const panel = h(
    'details',
    { class: 'device', id: 'device' },
    h('summary', { class: 'device-summary' }, h('h2', {}, 'On your device'), glance, icon('icon-chevron')),
    h(
      'div',
      { class: 'device-body' },
      h('p', { class: 'device-requests' }, requests, h('span', {}, 'requests since load')),
      h('fieldset', { class: 'switch' }, h('legend', {}, 'Ranked by'), ...models.map(({ label }) => label)),
      h('fieldset', { class: 'switch', 'aria-describedby': 'backend-reason' }, h('legend', {}, 'Computed by'), ...choices.map(({ label }) => label)),
      reason,
      bars,
      facts,
      nudge(shop),
      knowledge(shop),
    ),
  );
  draw();
  const unfold = () => { panel.open = WIDE.matches; };
  WIDE.addEventListener('change', unfold);
  unfold();
  return panel;
}

interface Choice<Name> {
  name: Name;
  label: HTMLElement;
  input: HTMLInputElement;
}

/** One half of the switch between models. The other one is fetched when it is asked for: a request that the panel counts. */
function modelChoice(name: ModelName, { store }: Shop, reason: HTMLElement): Choice<ModelName> {
  const change = async () => {
    try {
      await store.useModel(name);
      announce(`Now ranked by ${MODELS[name].title.toLowerCase()}.`);
    } catch (error) {
      input.checked = false;
      reason.textContent = `${MODELS[name].name} is not available: ${error instanceof Error ? error.message : String(error)}`;
      announce(reason.textContent);
    }
  };
  const input = h('input', { type: 'radio', name: 'model', value: name, onchange: () => void change() });
  return { name, input, label: h('label', { class: 'switch-choice', title: MODELS[name].title }, input, h('span', {}, MODELS[name].name)) };
}

/** One half of the switch. Where the GPU is not to be had the CPU goes on, and the panel says why. */
function choice(name: BackendName, { engine }: Shop, reason: HTMLElement): Choice<BackendName> {
  const change = async () => {
    try {
      const info = await engine.useBackend(name);
      await engine.recommend({ count: 10 }); // one query, so that the panel has a time to show
      announce(`Now computed by ${NAMES[info.backend]}. ${sentence(info.reason)}`);
    } catch (error) {
      reason.textContent = `${NAMES[name]} is not available: ${error instanceof Error ? error.message : String(error)}`;
      announce(reason.textContent);
    }
  };
  const input = h('input', { type: 'radio', name: 'backend', value: name, onchange: () => void change() });
  return { name, input, label: h('label', { class: 'switch-choice' }, input, h('span', {}, NAMES[name])) };
}

function rows(info: Info, timings: readonly number[], { offline }: Shop): HTMLElement[] {
  const entries: [string, string, string][] = [
    ['last', 'Last query', millis(timings.at(-1) ?? 0)],
    ['median', `Median of ${plural(timings.length, 'query').replace('querys', 'queries')}`, millis(median(timings))],
    ['adapter', 'Adapter', info.adapter ?? 'none, this is the CPU'],
    ['kernels', 'Kernels', info.kernels],
    ['golden', 'Answers checked at load', count(info.golden.checked)],
    ['items', 'Products ranked', count(info.items)],
    ['family', 'Family', info.family],
    ['model', 'Model', bytes(info.bytes)],
    ['code', 'Library code, gzip', codeSize('library')],
    ['shop-code', 'Shop code, gzip', codeSize('shop')],
    ['offline', 'Opens offline', offline === 'stored' ? 'yes' : 'no'],
  ];
  return entries.map(([id, name, value]) =>
    h('div', { class: 'fact' }, h('dt', {}, name), h('dd', { 'data-fact': id }, value)));
}

/** The size the build wrote into the page's head; while developing there is none. */
function codeSize(owner: 'library' | 'shop'): string {
  const size = Number(document.querySelector<HTMLMetaElement>(`meta[name=${owner}-bytes]`)?.content ?? 0);
  return size > 0 ? bytes(size) : 'not built';
}

/** One bar a query, the newest on the right, as high as it was slow. */
function drawBars(bars: HTMLElement, timings: readonly number[]): void {
  const most = Math.max(...timings, 0.001);
  bars.replaceChildren(
    ...timings.map((value) => h('span', { class: 'bar', style: { '--share': (value / most).toFixed(3) } })),
  );
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed ? `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}` : '';
}
