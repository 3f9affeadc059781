import type { Product } from './catalogue.ts';

interface Entry {
  product: Product;
  /** Lower-case words of the title, then of category and department. */
  title: string;
  rest: string;
}

/**
 * Finds products by the beginnings of words, all of which must occur. One pass over ten thousand
 * titles takes about a millisecond, so every keystroke searches afresh.
 */
export class Search {
  readonly #entries: readonly Entry[];

  constructor(products: readonly Product[]) {
    this.#entries = products.map((product) => ({
      product,
      title: ` ${normalise(product.title)}`,
      rest: ` ${normalise(`${product.category} ${product.department}`)}`,
    }));
  }

  /** Matches, best first: words in the title before words elsewhere, earlier before later, shorter titles first. */
  find(query: string): Product[] {
    const words = normalise(query).split(' ').filter(Boolean).map((word) => ` ${word}`);
    if (words.length === 0) return [];
    const found: { product: Product; rank: number }[] = [];
    for (const { product, title, rest } of this.#entries) {
      let rank = title.length / 100;
      for (const word of words) {
        const at = title.indexOf(word);
        if (at >= 0) rank += at;
        else if (rest.includes(word)) rank += 200;
        else rank = Number.NaN;
      }
      if (!Number.isNaN(rank)) found.push({ product, rank });
    }
    return found.sort((a, b) => a.rank - b.rank).map(({ product }) => product);
  }
}

function normalise(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f']/g, '')
    .replace(/[^a-z0-9.%]+/g, ' ')
    .trim();
}
