let timer = 0;
const pending = new Map<string, string>();

/**
 * Says a sentence to assistive technology once things have settled. Of one topic only the last sentence
 * is said, so a shelf that changes three times in a row is announced once.
 */
export function announce(text: string, topic = 'general'): void {
  pending.delete(topic);
  pending.set(topic, text);
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    // Outside of an open dialog nothing is heard.
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    const announcer = dialog?.querySelector('[data-announcer]') ?? document.getElementById('announcer');
    if (announcer) announcer.textContent = [...pending.values()].join(' ');
    pending.clear();
  }, 250);
}
