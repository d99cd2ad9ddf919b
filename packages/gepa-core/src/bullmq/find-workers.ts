import type { Queue } from 'bullmq';
import { sleep } from '../calls/retry.ts';
import { NoWorkerError, WorkerMismatchError } from './errors.ts';
import { differencesOf, type Identity } from './identity.ts';
import { inboxOfWorker, type MessageToWorker } from './protocol.ts';

/** How long to wait for a worker's answer. A program that blocks the event loop delays it. */
const ANSWER_MS = 2_000;
const POLL_MS = 100;
const NOTE_AFTER_MS = 1_000;

/** The names of the workers that serve a queue; `undefined` where the server gives no name. */
export async function workersOf(queue: Queue): Promise<(string | undefined)[]> {
  const clients = await queue.getWorkers();
  return clients.map(({ rawname = '' }) => rawname.split(':w:')[1]);
}

export const noWorkers = (queue: string) =>
  `No worker serves the queue ${queue}: start one with serveRollouts. The run waits.`;

/**
 * Waits for a worker, and checks that the workers serve the same program as the run. A worker that does not answer in time
 * is checked when it takes a rollout.
 *
 * @throws {NoWorkerError} when there is none for too long.
 * @throws {WorkerMismatchError} when a worker serves another program.
 */
export async function findWorkers({
  queue,
  identity,
  greeted,
  send,
  inbox,
  waitMs,
  signal,
  note,
}: {
  readonly queue: Queue;
  readonly identity: Identity;
  /** The workers that have answered. */
  readonly greeted: ReadonlyMap<string, Identity>;
  readonly send: (mailbox: string, message: MessageToWorker) => Promise<void>;
  readonly inbox: string;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly note: (message: string) => void;
}): Promise<void> {
  const startedAt = performance.now();
  const asked = new Map<string, number>();
  let hasNoted = false;
  while (!signal.aborted) {
    const now = performance.now();
    const workers = await workersOf(queue);
    const names = workers.filter((name) => name !== undefined);
    for (const name of names) {
      if (asked.has(name)) continue;
      asked.set(name, now);
      await send(inboxOfWorker(queue.name, name), { type: 'hello', inbox });
    }
    refuseOthers(identity, greeted, queue.name);
    const isSilent = (name: string) => !greeted.has(name) && now - asked.get(name)! < ANSWER_MS;
    if (workers.length > 0 && !names.some(isSilent)) return;
    if (workers.length === 0 && now - startedAt > waitMs) {
      throw new NoWorkerError(
        `No worker has served the queue ${queue.name} for ${Math.round(waitMs / 1000)} s. Start one with serveRollouts.`,
      );
    }
    if (workers.length === 0 && !hasNoted && now - startedAt > NOTE_AFTER_MS) {
      hasNoted = true;
      note(noWorkers(queue.name));
    }
    await sleep(POLL_MS, signal).catch(() => {});
  }
}

function refuseOthers(identity: Identity, greeted: ReadonlyMap<string, Identity>, queue: string): void {
  const refused = [...greeted].flatMap(([worker, other]) => {
    const differences = differencesOf(identity, other);
    return differences.length === 0 ? [] : [{ worker, differences }];
  });
  const [first] = refused;
  if (first === undefined) return;
  const others = refused.length === 1 ? '' : ` (so do ${refused.length - 1} more)`;
  throw new WorkerMismatchError(
    `The worker ${first.worker} on the queue ${queue} serves another program than this run optimizes${others}: ${first.differences.join('; ')}. Start workers of the same version, or give each version a queue of its own.`,
    first.differences,
  );
}
