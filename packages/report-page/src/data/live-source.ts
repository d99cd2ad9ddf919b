import { decodeMatrix, type PageData } from '../../../gepa-core/src/report-file/page-data.ts';
import type { Source } from './source.ts';

/** Reads the run from `gepa watch`. The token is part of the page's own address. */
export function liveSource(): Source {
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(path, { cache: 'no-store' });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  const json = async <Value>(path: string): Promise<Value> => (await get(path)).json() as Promise<Value>;
  return {
    isLive: true,
    async first() {
      const response = await get('data');
      if (response.status === 204) return undefined;
      const [data, scores] = await Promise.all([
        response.json() as Promise<PageData>,
        get('scores').then((answer) => answer.arrayBuffer()),
      ]);
      return { data, matrix: decodeMatrix(new Uint8Array(scores)) };
    },
    example: (number) => json(`examples/${number}`),
    reflection: (number) => json(`reflections/${number}`),
    subscribe({ changed, connected }) {
      const events = new EventSource('events');
      events.addEventListener('changed', changed);
      events.addEventListener('open', () => connected(true));
      events.addEventListener('error', () => connected(false));
    },
  };
}
