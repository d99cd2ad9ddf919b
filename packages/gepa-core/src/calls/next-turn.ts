// Not the global one, which tests replace.
import { setImmediate } from 'node:timers';

/** Resolves in the next turn of the event loop, after pending timers, signals and finished work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
