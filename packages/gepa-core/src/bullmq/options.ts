import type { ConnectionOptions } from 'bullmq';
import { anObject, aText, type Kind } from '../kinds.ts';

/** A queue of BullMQ. */
export interface QueueAddress {
  /** The connection to Redis or Valkey, as BullMQ takes it: `{ url }`, `{ host, port, … }`, or a client. */
  readonly connection: ConnectionOptions;
  /** The name of the queue. Programs need queues of their own; any number of runs of one program can share one. */
  readonly queue: string;
  /** The prefix of BullMQ's keys. Default `'bull'`. */
  readonly prefix?: string;
}

/** Options for `bullmq`. */
export interface BullmqOptions extends QueueAddress {
  /**
   * Where the metric runs. `'worker'`: where the program ran, with the metric that was given to `serveRollouts`.
   * `'optimizer'`: in the process of the search, on outputs and traces as plain data. Default `'worker'`.
   */
  readonly metricIn?: 'worker' | 'optimizer';
  /** After this many lost workers, a rollout counts as failed and scores `failureScore`. Default 3. */
  readonly maxLostWorkers?: number;
  /** How long a run waits while no worker serves the queue, in milliseconds. Default 600,000, ten minutes. */
  readonly waitForWorkersMs?: number;
  /** The version of program and metric, such as a commit. Run and workers compare it instead of the source. */
  readonly version?: string;
}

/** What each option of an address must be. */
export const addressKinds = {
  connection: {
    ...anObject,
    words: "what BullMQ takes, such as { url: 'redis://localhost:6379' }",
    isRequired: true,
  },
  queue: {
    words: 'a name without ":"',
    is: (value) => aText.is(value) && !(value as string).includes(':'),
    isRequired: true,
  },
  prefix: aText,
} satisfies Record<keyof QueueAddress, Kind>;

/** The options of every queue and worker of BullMQ. Commands wait while the connection is lost. */
export function connectionOf({ connection, prefix }: QueueAddress): {
  readonly connection: ConnectionOptions;
  readonly prefix?: string;
} {
  const isClient = 'duplicate' in connection && typeof connection.duplicate === 'function';
  return {
    connection: isClient ? connection : { ...connection, maxRetriesPerRequest: null },
    prefix,
  };
}
