import { signal } from '@preact/signals';

/** The part of the address after `#`: a path, and settings of its view. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export const route = signal<Route>(parse(location.hash));

addEventListener('hashchange', () => {
  route.value = parse(location.hash);
});

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter(Boolean), query: new URLSearchParams(query) };
}

export type Settings = Readonly<Record<string, string | number | undefined>>;

/** The address of a view. Settings that are undefined or empty are left out. */
export function address(path: string, settings: Settings = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  return `#/${path}${query.size === 0 ? '' : `?${query}`}`;
}

/** Changes settings of the view without an entry in the history. */
export function change(settings: Settings): void {
  const { path, query } = route.value;
  const next = address(path.join('/'), { ...Object.fromEntries(query), ...settings });
  history.replaceState(null, '', next);
  route.value = parse(next);
}

/** A whole number in the address. */
export function numberOf(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
