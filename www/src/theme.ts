export type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** The theme in force: the visitor's choice, else the system's. `public/theme.js` applies it at start. */
export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return dark.matches ? 'dark' : 'light';
}

/** Takes the other theme; choosing the system's own theme again goes back to following it. */
export function toggleTheme(): void {
  const next: Theme = theme() === 'dark' ? 'light' : 'dark';
  const follows = next === (dark.matches ? 'dark' : 'light');
  try {
    if (follows) {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem('theme');
    } else {
      document.documentElement.dataset.theme = next;
      localStorage.setItem('theme', next);
    }
  } catch {
    document.documentElement.dataset.theme = next;
  }
}

export function onThemeChange(listener: () => void): void {
  dark.addEventListener('change', listener);
}
