import type { LoadProgress } from 'proclivity';
import { h } from '../dom.ts';
import { bytes } from '../format.ts';

/** The loading screen, which stands in index.html so that it is there before any script. */
export const loading = {
  step(text: string): void {
    const step = document.getElementById('loading-step');
    if (step) step.textContent = text;
  },
  /** Bytes of the model as they arrive; where their number is unknown the bar only moves. */
  progress({ loaded, total }: LoadProgress): void {
    const bar = document.getElementById('loading-bar') as HTMLProgressElement | null;
    if (!bar) return;
    if (total === null) bar.removeAttribute('value');
    else bar.value = Math.min(1, loaded / Math.max(1, total));
    this.step(
      total !== null && loaded >= total
        ? 'Checking the model’s answers on this device'
        : `Fetching the model, ${bytes(loaded)}${total === null ? '' : ` of ${bytes(total)}`}`,
    );
  },
};

interface Advice {
  title: string;
  text: string;
}

const ADVICE: Partial<Record<string, Advice>> = {
  http: {
    title: 'The model is missing',
    text: 'The shop is here, but its model file is not. Whoever runs this site: put model.safetensors beside index.html (make demo does).',
  },
  network: {
    title: 'The network gave up',
    text: 'The model could not be fetched. Check the connection and try again; once it has arrived, the shop works without any.',
  },
  wasm: {
    title: 'The engine did not start',
    text: 'Its WebAssembly could not be fetched or compiled. A very old browser, or a policy that forbids WebAssembly, would do that.',
  },
  no_wasm: {
    title: 'This browser cannot run the shop',
    text: 'Its recommendations are computed in the page by WebAssembly, which is missing or switched off here. Any current browser has it.',
  },
};

/** Replaces the page by what went wrong, in words for a person, and a way to try again. */
export function failure(error: unknown): HTMLElement {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const { title, text } = ADVICE[code] ?? {
    title: 'The shop could not open',
    text: 'The model arrived, but the engine refused it. The line below says why.',
  };
  return h(
    'main',
    { class: 'screen screen-failure', 'data-failure': code },
    h('p', { class: 'screen-brand' }, 'Larder'),
    h('h1', { class: 'screen-title', tabindex: '-1' }, title),
    h('p', { class: 'screen-text' }, text),
    h('p', { class: 'screen-code' }, h('code', {}, error instanceof Error ? error.message : String(error))),
    h('button', { type: 'button', class: 'button button-primary', onclick: () => { location.reload(); } }, 'Try again'),
  );
}
