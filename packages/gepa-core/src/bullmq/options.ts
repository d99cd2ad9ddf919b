import type { ConnectionOptions } from 'bullmq';
import { OptionsError } from '../errors.ts';
import { anObject, aText, type Kind } from '../kinds.ts';
import { messageOf } from '../text/error-message.ts';

/** A queue of BullMQ. */
export interface QueueAddress {
  /** The connection to Redis or Valkey, as BullMQ takes it: `{ url }`, `{ host, port, … }`, or a client. */
  readonly connection: ConnectionOptions;
  /** The name of the queue. Programs need queues of their own; any number of runs of one program can share one. */
  readonly queue: string;
  /** The prefix of BullMQ's keys. Default `'bull'`. */
  readonly prefix?: string | undefined;
}

/** Options for `bullmq`. */
export interface BullmqOptions extends QueueAddress {
  /**
   * Where the metric runs. `'worker'`: where the program ran, with the metric that was given to `serveRollouts`.
   * `'optimizer'`: in the process of the search, on outputs and traces as plain data. Default `'worker'`.
   */
  readonly metricIn?: 'worker' | 'optimizer' | undefined;
  /** After this many lost workers, a rollout counts as failed and scores `failureScore`. Default 3. */
  readonly maxLostWorkers?: number | undefined;
  /** How long a run waits while no worker serves the queue, in milliseconds. Default 600,000, ten minutes. */
  readonly waitForWorkersMs?: number | undefined;
  /** The version of program and metric, such as a commit. Run and workers compare it instead of the source. */
  readonly version?: string | undefined;
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

const isClient = (connection: ConnectionOptions): boolean =>
  'duplicate' in connection && typeof connection.duplicate === 'function';

/**
 * BullMQ connects with ioredis, an optional peer of its own, and fails without it, or with the wrong options of a client, in
 * ways that do not name them.
 *
 * @throws {OptionsError} when ioredis is not installed, or a client does not fit.
 */
export async function checkClient({ connection }: QueueAddress): Promise<void> {
  if (isClient(connection)) {
    const { options } = connection as { readonly options?: { readonly [name: string]: unknown } };
    const problems = [
      ...(options?.maxRetriesPerRequest === undefined || options.maxRetriesPerRequest === null
        ? []
        : [
            'The client in `connection` needs the option `maxRetriesPerRequest: null`, since BullMQ waits with it.',
          ]),
      ...(options?.keyPrefix
        ? [
            'The client in `connection` has a `keyPrefix`, which BullMQ does not support: give `prefix` instead.',
          ]
        : []),
    ];
    if (problems.length > 0) throw new OptionsError(problems);
    return;
  }
  const name: string = 'ioredis';
  try {
    await import(name);
  } catch (error) {
    throw new OptionsError(
      [
        `BullMQ connects with the package ioredis, which cannot be loaded (${messageOf(error)}). Run \`npm install ioredis\`, or give a client of your own as \`connection\`.`,
      ],
      { cause: error },
    );
  }
}

/** The options of every queue and worker of BullMQ. Commands wait while the connection is lost. */
export function connectionOf({ connection, prefix }: QueueAddress): {
  readonly connection: ConnectionOptions;
  readonly prefix?: string | undefined;
} {
  return {
    connection: isClient(connection) ? connection : { ...connection, maxRetriesPerRequest: null },
    prefix,
  };
}
