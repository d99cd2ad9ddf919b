/** Resolves in the next turn of the event loop, after pending timers, signals and finished work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
