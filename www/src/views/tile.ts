import type { Product } from '../catalogue.ts';
import { h, icon } from '../dom.ts';
import { lookOf } from '../glyphs/choose.ts';

const BACKDROPS = 5;

/** The picture of a product: its drawing on a tinted ground, varied a little from product to product. */
export function tile(product: Product): HTMLElement {
  const seed = hash(product.id);
  const { glyph, palette: [hue, a, c] } = lookOf(product);
  return h(
    'span',
    {
      class: `tile tile-${seed % BACKDROPS}`,
      'aria-hidden': 'true',
      style: { '--hue': String(hue), '--ink-a': `var(--ink-${a})`, '--ink-c': `var(--ink-${c})` },
    },
    icon(`glyph-${glyph}`, 'tile-glyph'),
  );
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}
