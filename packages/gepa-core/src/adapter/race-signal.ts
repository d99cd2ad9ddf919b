/**
 * Resolves with the result of the work, or rejects with the signal's reason as soon as it is aborted. Frameworks may ignore
 * their signal, or answer an abort with an empty result. The work itself is not stopped; its result is then ignored.
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
