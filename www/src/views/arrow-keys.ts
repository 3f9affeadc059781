/**
 * Lets the arrow keys move between the product links of a list, by rows and columns as they are laid
 * out. Tab goes through every control as it does anywhere.
 */
export function moveWithArrows(list: HTMLElement): void {
  list.addEventListener('keydown', (event) => {
    const here = event.target as HTMLElement;
    if (!here.matches('.card-link') || event.altKey || event.ctrlKey || event.metaKey) return;
    const links = [...list.querySelectorAll<HTMLElement>('.card-link')];
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(links), ArrowUp: -columns(links) }[event.key];
    const next = step === undefined ? undefined : links[links.indexOf(here) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/** How many cards stand in the first row. */
function columns(links: readonly HTMLElement[]): number {
  const tops = links.map((link) => link.closest('.card')?.getBoundingClientRect().top ?? 0);
  const below = tops.findIndex((top) => top > (tops[0] ?? 0) + 1);
  return below > 0 ? below : links.length;
}
