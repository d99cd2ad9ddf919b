// Not the global ones when they are called, which tests replace. Edge runtimes have no `setImmediate`.
const { setTimeout, setImmediate = setTimeout } = globalThis;

/** Resolves in the next turn of the event loop, after pending timers, signals and finished work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
