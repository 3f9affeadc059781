type Child = Node | string | null | undefined | false;
type Props = Record<string, unknown>;

/**
 * Makes an element. Of its properties a function is a listener (`onclick`), the rest are attributes:
 * `true` is present, `false`, `null` and `undefined` are absent. `style` takes custom properties, set
 * through the CSS object model, which the content security policy allows.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') {
      for (const [key, text] of Object.entries(value as Record<string, string>)) {
        element.style.setProperty(key, text);
      }
    } else if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A reference to a symbol of the page's sprite, hidden from assistive technology. */
export function icon(symbol: string, className = 'icon'): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#${symbol}`);
  svg.append(use);
  return svg;
}

export function reducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
