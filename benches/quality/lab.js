// Trains models once and keeps them for every row that asks for them.
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { FIXED, RECIPES } from './recipes.js';
import { printed, run } from './trainer.js';

export class Lab {
  #models = new Map();
  #scores = new Map();
  #searches = new Map();
  /** Figures of single families, for the table of them. */
  families = [];

  /** @param {{ root: string, trainer: string, splits: object, out: string, python: string | null, torch: string | null }} places */
  constructor({ root, trainer, splits, out, python, torch }) {
    Object.assign(this, { root, trainer, splits, out, python, torch });
  }

  /** The model of a family on a split, with flags after those of its recipe: what it weighs and how long it took. */
  async model(split, family, variant = '', flags = [], { validate = true } = {}) {
    const name = [split, family, variant].filter(Boolean).join('-');
    if (!this.#models.has(name)) this.#models.set(name, this.#train(name, split, family, flags, validate));
    return this.#models.get(name);
  }

  async #train(name, split, family, flags, validate) {
    const { log, validation } = this.splits[split];
    const file = await this.#file(`${name}.safetensors`);
    const recipe = withoutTwice([...(RECIPES[split]?.[family] ?? []), ...flags]);
    const asked = ['train', ...log, ...(validate ? validation : []), '--family', family, ...recipe, '-o', file, '--json'];
    console.log(`▸ training ${name}`);
    const { json, peakBytes } = await run(this.trainer, asked);
    return { file, bytes: json.bytes, seconds: json.seconds, peakBytes };
  }

  /** A metric of a model on a test of a split, by its last stage. */
  async score(model, split, test, metric) {
    const key = `${model.file} ${test}`;
    if (!this.#scores.has(key)) {
      this.#scores.set(key, run(this.trainer, ['evaluate', model.file, ...this.splits[split].tests[test], '--json']));
    }
    const { json } = await this.#scores.get(key);
    return (json.cascade ?? json.retrieval)[metric];
  }

  /** What `tune --family auto` finds within a budget: the family, and its model. */
  async tuned(split, budget) {
    if (!this.#searches.has(split)) this.#searches.set(split, this.#tune(split, budget));
    return this.#searches.get(split);
  }

  async #tune(split, budget) {
    const { log, validation, search } = this.splits[split];
    const file = await this.#file(`${split}-auto.safetensors`);
    await rm(`${file}.trials.jsonl`, { force: true });
    console.log(`▸ searching on ${split}, ${budget}`);
    const { json } = await run(this.trainer, ['tune', ...(search ?? log), ...validation, '--family', 'auto', '--budget', budget, '--max-size', '1.6MB', '-o', file, '--json', '--', ...(FIXED[split] ?? [])]);
    if (!search) return { family: json.family, model: { file, bytes: json.bytes, seconds: json.seconds } };
    const again = await run(this.trainer, ['train', ...log, ...json.flags, '--validation', '0', '-o', file, '--json']);
    return { family: json.family, model: { file, bytes: again.json.bytes, seconds: again.json.seconds } };
  }

  /** The smallest model within a loss on validation users. */
  async compressed(model, split, loss) {
    const [, foldIn, , targets] = this.splits[split].validation;
    const file = model.file.replace('.safetensors', '-small.safetensors');
    await run(this.trainer, ['compress', model.file, '-o', file, '--fold-in', foldIn, '--targets', targets, '--max-loss', loss, '--json']);
    return { file, bytes: (await stat(file)).size };
  }

  /** What a replay of the last part of a split's log says of a model trained on what was before. */
  async replayed(split) {
    const { search, replay: [log, ...flags] } = this.splits[split];
    const file = await this.#file(`${split}-before.safetensors`);
    console.log(`▸ replaying ${split}`);
    await run(this.trainer, ['train', ...search, '--family', 'popular', '--validation', '0', '-o', file, '--json']);
    return (await run(this.trainer, ['replay', file, log, ...flags, '--json'])).json;
  }

  /** What a replay of users that a model never saw says of it, event by event. */
  async followed(model, split, flags = []) {
    console.log(`▸ following users of ${split}`);
    return (await run(this.trainer, ['replay', model.file, ...this.splits[split].follow, ...flags, '--json'])).json;
  }

  /** How long it takes in a browser to learn from an event and to recommend by it: the rows of so many runs, one after the other. */
  async latency(runs) {
    const file = path.join(process.env.CARGO_TARGET_DIR ?? path.join(this.root, 'target'), 'bench/latency.json');
    const rows = [];
    for (let run = 1; run <= runs; run += 1) {
      console.log(`▸ timing events and lists in the browser, ${run} of ${runs}`);
      await printed(process.execPath, ['latency.mjs'], { cwd: path.join(this.root, 'tests/e2e') });
      rows.push(JSON.parse(await readFile(file, 'utf8')).rows);
    }
    return rows;
  }

  /** What so many kills of a page that is writing lose: nothing, or the test fails. */
  async kills(times) {
    console.log(`▸ killing a page ${times} times`);
    const text = await printed('npx', ['playwright', 'test', 'storage.spec.ts', '-g', 'killed', '--project', 'cpu'], { cwd: path.join(this.root, 'tests/e2e'), env: { ...process.env, KILLS: String(times) } });
    const [, kills, events] = /(\d+) kills, (\d+) events acknowledged, none lost/.exec(text) ?? [];
    if (kills === undefined) throw new Error(`expected the test to say what was lost, found: ${text.slice(-400)}`);
    return { kills: Number(kills), events: Number(events) };
  }

  /** What lists by score, and with each of these options, are like: their NDCG, intra-list diversity, and whether a group has its share. */
  async lists(model, split, length, options) {
    const asked = options.flatMap((list) => ['--list', JSON.stringify(list)]);
    const { json } = await run(this.trainer, ['evaluate', model.file, ...this.splits[split].tests.strong, '--at', `${length}`, ...asked, '--list-length', `${length}`, '--resamples', '10', '--json']);
    const { stages } = json.models[0];
    const shown = [stages.find(({ ships }) => ships), ...stages.filter(({ stage }) => stage === 'list')];
    return shown.map(({ metrics, beyond_accuracy: [{ diversity, category_diversity: categories }], fair }) => ({ ndcg: metrics[`ndcg@${length}`], diversity, categories, fair }));
  }

  /** Seconds of the implicit package for the factorisation that the row `als-time` compares with. */
  async implicit(split) {
    if (!this.python) return { skipped: 'Python with the package implicit is not there' };
    console.log('▸ training with implicit');
    const { json } = await run(this.python, [path.join(import.meta.dirname, 'implicit_als.py'), ...this.splits[split].log]);
    return json;
  }

  /** The model with the items of the split's catalogue that it was not trained with. */
  async updated(model, split) {
    const file = model.file.replace('.safetensors', '-all.safetensors');
    await run(this.trainer, ['update', model.file, this.splits[split].items, '-o', file, '--json']);
    return { ...model, file, bytes: (await stat(file)).size };
  }

  /** What a reference of self-attention reaches on a split by order. It takes an hour on two cores, so it is asked for. */
  async reference(split) {
    if (!this.torch) return { skipped: 'TORCH does not name a Python with PyTorch; the reference takes an hour' };
    console.log('▸ training the reference');
    const { json } = await run(this.torch, [path.join(import.meta.dirname, 'sasrec_reference.py'), this.splits[split].sequences]);
    return json;
  }

  /** What models know of a user after so many first events, with a page of plots. */
  async beginnings(models, split, events) {
    const page = path.join(this.out, 'first-events.html');
    const asked = ['evaluate', ...models.map(({ file }) => file), ...this.splits[split].tests.strong, '--events', events.join(','), '--report', page, '--json'];
    console.log(`▸ first events of ${models.length} models`);
    return (await run(this.trainer, asked)).json;
  }

  /** What an example in PyTorch says of the model that was made of its network. */
  async pytorch(example) {
    if (!this.torch) return { skipped: 'TORCH does not name a Python with PyTorch' };
    console.log(`▸ training ${example} in PyTorch`);
    const { json } = await run(this.torch, [path.join(import.meta.dirname, `../../examples/pytorch/${example}.py`), this.trainer, path.join(this.out, 'pytorch')]);
    return json;
  }

  remember(figure) {
    this.families.push(figure);
  }

  async #file(name) {
    await mkdir(this.out, { recursive: true });
    return path.join(this.out, name);
  }

}

/** Flags in pairs, a later one standing for an earlier one; flags without a value are kept as they are. */
function withoutTwice(flags) {
  const values = new Map();
  for (let at = 0; at < flags.length; at += 1) {
    const valued = at + 1 < flags.length && !flags[at + 1].startsWith('--');
    values.set(flags[at], valued ? flags[at + 1] : null);
    at += valued ? 1 : 0;
  }
  return [...values].flatMap(([flag, value]) => (value === null ? [flag] : [flag, value]));
}
