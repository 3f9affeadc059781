/** Where the visitor is: kept in the address after `#`, so back, forward and links work. */
export interface Route {
  department: string | null;
  category: string | null;
  item: string | null;
}

const listeners = new Set<(route: Route) => void>();

export function route(): Route {
  const fields = new URLSearchParams(location.hash.slice(1));
  return { department: fields.get('department'), category: fields.get('category'), item: fields.get('item') };
}

export function href(change: Partial<Route>): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...route(), ...change })) {
    if (value) fields.set(name, value);
  }
  return `#${fields.toString()}`;
}

export function go(change: Partial<Route>): void {
  const target = href(change);
  if (target !== (location.hash || '#')) location.hash = target;
}

export function onRoute(listener: (route: Route) => void): void {
  listeners.add(listener);
}

addEventListener('hashchange', () => {
  for (const listener of listeners) listener(route());
});
