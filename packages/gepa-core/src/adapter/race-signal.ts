/**
 * Resolves with the work, or rejects with the signal's reason as soon as it is aborted. Frameworks do not always stop with
 * their signal, or stop silently with an empty answer. Abandoned work goes on by itself; its outcome is ignored.
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
