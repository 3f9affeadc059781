// Lists that can be gone on with: what each has shown, and how it was asked for.

import { argumentError } from './errors.js';
import { uniqueId } from './unique-id.js';
import type { Engine, TimedRanking } from './engine.js';
import type { Recommendation, RecommendOptions, Rule, SimilarOptions } from './types.js';

/** Lists that are kept; the oldest go first. */
const KEPT = 50;

interface Page {
  /** What it has shown so far. */
  shown: string[];
  exclude: readonly string[];
  rules: SimilarOptions['rules'];
  ask: (engine: Engine, changed: RecommendOptions) => Promise<TimedRanking>;
}

/** The latest lists of a recommender, by their `recommId`. */
export class Pages {
  readonly #pages = new Map<string, Page>();
  readonly #inTurn: <T>(work: (engine: Engine) => Promise<T>) => Promise<T>;

  /** `inTurn` runs work on the engine after the calls made so far. */
  constructor(inTurn: <T>(work: (engine: Engine) => Promise<T>) => Promise<T>) {
    this.#inTurn = inTurn;
  }

  /** A new list, by checked options. */
  first<O extends SimilarOptions>(options: O, ask: (engine: Engine, options: O) => Promise<TimedRanking>): Promise<Recommendation> {
    const recommId = uniqueId();
    const page: Page = {
      shown: [],
      exclude: options.exclude ?? [],
      rules: options.rules,
      ask: (engine, changed) => ask(engine, { ...options, ...changed }),
    };
    const list = this.#more(recommId, page, options.count ?? 0);
    this.#pages.set(recommId, page);
    for (const [oldest] of this.#pages) if (this.#pages.size > KEPT) this.#pages.delete(oldest);
    return list;
  }

  /**
   * The next `count` of a list.
   *
   * @throws {@link ProclivityError} `argument` for an id that is none of the latest lists.
   */
  next(recommId: string, count: number): Promise<Recommendation> {
    const page = this.#pages.get(recommId);
    if (page === undefined) throw argumentError('the "recommId" of one of the latest 50 lists', recommId, 'ask for a list first');
    return this.#more(recommId, page, count);
  }

  /** Forgets all lists: what they have shown may be gone. */
  clear(): void {
    this.#pages.clear();
  }

  async #more(recommId: string, page: Page, count: number): Promise<Recommendation> {
    const ranking = await this.#inTurn(async (engine) => {
      const { shown, exclude, rules } = page;
      const later = shown.length === 0 ? {} : { exclude: [...exclude, ...shown], ...(rules && { rules: shifted(rules, shown.length) }) };
      const found = await page.ask(engine, { count, ...later });
      page.shown = [...shown, ...found.ids];
      return found;
    });
    return toRecommendation(ranking, recommId);
  }
}

/** Rules as the rest of a list sees them, of which so many items have been shown. Reasons name rules by number, so none is left out. */
function shifted(rules: readonly Rule[], shown: number): Rule[] {
  return rules.map((rule) => {
    if (rule.type !== 'promote') return rule;
    const position = (rule.position ?? 1) - shown;
    return position < 1 ? { ...rule, until: 0 } : { ...rule, position };
  });
}

/** A ranking as callers see it. */
export function toRecommendation({ ids, scores, propensities, reasons, millis, trace }: TimedRanking, recommId = uniqueId()): Recommendation {
  const items = ids.map((id, rank) => {
    const propensity = propensities?.[rank];
    return { id, score: scores[rank] ?? 0, reasons: reasons[rank] ?? [], ...(propensity !== undefined && { propensity }) };
  });
  return { recommId, items, millis, ...(trace && { trace }) };
}
