/**
 * For adapters: the outcome of some work, or the signal's reason as soon as the signal is aborted. Frameworks do not
 * always end with their signal, or end quietly with an empty answer. Work that is given up goes on by itself; what
 * comes of it is ignored.
 */
export async function raceSignal<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
