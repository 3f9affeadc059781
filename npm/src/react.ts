/**
 * Recommendations as React state: `proclivity/react`.
 *
 * @packageDocumentation
 */
import { useEffect, useState } from 'react';
import { toProclivityError, type ProclivityError } from './errors.js';
import type { Recommender } from './recommender.js';
import type { RecommendedItem, RecommendOptions } from './types.js';

/** A list that keeps up with the profile. */
export interface Recommendations {
  /** The latest list; empty before the first one. While a newer one is on its way, the one before it. */
  items: RecommendedItem[];
  /** Ties what the user does with the list to it; `null` before the first one. */
  recommId: string | null;
  /** Whether a list is on its way that takes in what the user did last. */
  pending: boolean;
  /** Why the latest list could not be made; `null` where it could. */
  error: ProclivityError | null;
}

/** Options as JSON has them: typed arrays as lists, dates as milliseconds. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (value instanceof Float32Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)])) : value;
}

const NOTHING: Recommendations = { items: [], recommId: null, pending: true, error: null };

/**
 * The best items for the user, made anew whenever the profile or the model changes, here or on another page, and when the options do.
 * Options are compared by what they say, so they may be written out in the call. Lists that came too late are passed over.
 *
 * @param recommender - `null` while it is loading.
 *
 * @example
 * ```tsx
 * const { items } = useRecommendations(recommender, { count: 8 });
 * return items.map(({ id }) => <Card key={id} id={id} />);
 * ```
 */
export function useRecommendations(recommender: Recommender | null | undefined, options: RecommendOptions = {}): Recommendations {
  const [state, setState] = useState(NOTHING);
  const key = JSON.stringify(plain(options));

  useEffect(() => {
    if (recommender == null) {
      setState(NOTHING);
      return undefined;
    }
    let latest = 0;
    const refresh = (): void => {
      const own = ++latest;
      setState((before) => ({ ...before, pending: true }));
      recommender.recommend(JSON.parse(key) as RecommendOptions).then(
        ({ items, recommId }) => { if (own === latest) setState({ items, recommId, pending: false, error: null }); },
        (thrown: unknown) => { if (own === latest) setState((before) => ({ ...before, pending: false, error: toProclivityError(thrown) })); },
      );
    };
    const end = recommender.subscribe(refresh);
    refresh();
    return () => {
      latest = -1; // whatever is on its way comes too late
      end();
    };
  }, [recommender, key]);

  return state;
}
