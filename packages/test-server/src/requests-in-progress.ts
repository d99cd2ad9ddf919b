import { channel } from 'node:diagnostics_channel';

const began = ['undici:request:create', 'http.client.request.start'];
const ended = [
  'undici:request:trailers',
  'undici:request:error',
  'http.client.response.finish',
  'http.client.request.error',
];

/** Counts the HTTP requests that this process has in progress, so that a test can let its clock stand still meanwhile. */
export function watchRequestsInProgress(): { readonly count: number; readonly total: number; stop(): void } {
  const inProgress = new Set<unknown>();
  let total = 0;
  const onBegan = (message: unknown) => {
    total++;
    inProgress.add((message as { request: unknown }).request);
  };
  const onEnded = (message: unknown) => void inProgress.delete((message as { request: unknown }).request);
  for (const name of began) channel(name).subscribe(onBegan);
  for (const name of ended) channel(name).subscribe(onEnded);
  return {
    get count() {
      return inProgress.size;
    },
    get total() {
      return total;
    },
    stop() {
      for (const name of began) channel(name).unsubscribe(onBegan);
      for (const name of ended) channel(name).unsubscribe(onEnded);
    },
  };
}
