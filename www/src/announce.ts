let pending = 0;

/** Says one sentence to assistive technology, once things have settled; the last one wins. */
export function announce(text: string): void {
  clearTimeout(pending);
  pending = setTimeout(() => {
    const announcer = document.getElementById('announcer');
    if (announcer) announcer.textContent = text;
  }, 250) as unknown as number;
}
