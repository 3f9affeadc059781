import { fresh } from './fresh.ts';
import { home } from './home.ts';
import { interfaceIcons } from './interface.ts';
import { pantry } from './pantry.ts';

const SVG = 'http://www.w3.org/2000/svg';

/** Puts every drawing in the page once; `<use href="#glyph-milk">` and `#icon-search` show them. */
export function installSprite(): void {
  const sprite = document.createElementNS(SVG, 'svg');
  sprite.setAttribute('class', 'sprite');
  sprite.setAttribute('aria-hidden', 'true');
  const glyphs = Object.entries({ ...fresh, ...pantry, ...home })
    .map(([name, body]) => `<symbol id="glyph-${name}" viewBox="0 0 64 64">${body}</symbol>`);
  const icons = Object.entries(interfaceIcons)
    .map(([name, body]) => `<symbol id="icon-${name}" viewBox="0 0 24 24">${body}</symbol>`);
  sprite.innerHTML = [...glyphs, ...icons].join('');
  document.body.prepend(sprite);
}
