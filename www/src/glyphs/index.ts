import drawings from './drawings.svg?url';

/**
 * Puts every drawing in the page once; `<use href="#glyph-milk">` and `#icon-search` show them. Part of
 * loading: it fetches the drawings.
 */
export async function installDrawings(): Promise<void> {
  const text = await (await fetch(drawings)).text();
  const sprite = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  sprite.setAttribute('class', 'sprite');
  sprite.setAttribute('aria-hidden', 'true');
  document.body.prepend(document.importNode(sprite, true));
}
