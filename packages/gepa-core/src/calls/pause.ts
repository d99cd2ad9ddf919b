import { nextTurn } from './next-turn.ts';

/** Shorter work is not worth a turn of the event loop. */
const MAX_WORK_MS = 10;

/** What work awaits before each piece. */
export type Pause = () => Promise<void>;

/** When work began in the present turn; `undefined` if none has. */
let workingSince: number | undefined;
let queue = Promise.resolve();

/**
 * Lets timers and signals act during long work, which awaits it before each piece. Resolves in this turn of the event
 * loop until the work of all runs has taken 10 ms in it, and in a later turn from then on.
 */
export function pause(): Promise<void> {
  // Each piece begins before the next one in the queue reads the clock.
  queue = waitBehind(queue);
  return queue;
}

async function waitBehind(others: Promise<void>): Promise<void> {
  await others;
  while (!mayWork()) await endOfWork();
}

function mayWork(): boolean {
  if (workingSince === undefined) {
    workingSince = performance.now();
    void endOfWork();
  }
  return performance.now() - workingSince <= MAX_WORK_MS;
}

async function endOfWork(): Promise<void> {
  const since = workingSince;
  await nextTurn();
  if (workingSince === since) workingSince = undefined;
}
