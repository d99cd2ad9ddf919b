import { describe, expect, it, vi } from 'vitest';
import { type RawResponse, startFailingServer } from '../provider-failures.ts';
import { watchRequestsInProgress } from '../requests-in-progress.ts';
import { useServer } from './use-server.ts';

/** Compiles a program whose model is at the URL of a server; the options are those of `compile`. */
export type CompileAt = (url: string, options: RunOptions) => Promise<{ readonly result: object }>;

export interface RunOptions {
  readonly onEvent: (event: { readonly type: string; readonly message?: string }) => void;
}

/** The end of a run: its result or its error, the messages of its retries, and how long it took by its own clock. */
export interface Outcome {
  readonly outcome: unknown;
  readonly retries: readonly string[];
  readonly seconds: number;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Compiles a program by a clock that stands still while a request is in progress. */
export async function outcomeByTestClock(
  compile: (options: RunOptions) => Promise<{ readonly result: object }>,
): Promise<Outcome> {
  const requests = watchRequestsInProgress();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const startedAt = performance.now();
    const retries: string[] = [];
    let outcome: unknown;
    const onEvent: RunOptions['onEvent'] = ({ type, message = '' }) => {
      if (type === 'retried') retries.push(message);
    };
    void compile({ onEvent }).then(
      ({ result }) => {
        outcome = result;
      },
      (error: unknown) => {
        outcome = error;
      },
    );
    // A program may take any time to start, so the clock stands still until the first request.
    while (requests.total === 0 && outcome === undefined) await nextTurn();
    let quietTurns = 0;
    for (let { total } = requests; outcome === undefined; { total } = requests) {
      await nextTurn();
      quietTurns = requests.count > 0 || requests.total !== total ? 0 : quietTurns + 1;
      if (quietTurns > 50) {
        quietTurns = 0;
        await vi.advanceTimersToNextTimerAsync();
      }
    }
    return { outcome, retries, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    requests.stop();
    vi.useRealTimers();
  }
}

/** The run has ended after the two minutes for which a provider may be down, and not before a minute. */
export function expectGivenUp({ seconds }: Outcome): void {
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThan(130);
}

export interface GivingUpSubject {
  /** Programs by the name of their client. Each client retries at least as often as by default. */
  readonly programs: Readonly<Record<string, CompileAt>>;
  /** What a provider that is down answers, in a form whose words the clients repeat: "overloaded". */
  readonly overloaded: RawResponse;
  /** Those whose client knows `retry-after`. */
  readonly readsRetryAfter: readonly string[];
  /** `SeedError` of gepa-core. */
  readonly seedError: new (
    ...args: never
  ) => Error;
}

/** Vitest suite: how long a run waits for a provider that does not answer, with any number of retries in the client. */
export function givingUpSuite(name: string, subject: GivingUpSubject): void {
  const { programs, overloaded, readsRetryAfter, seedError } = subject;

  describe(`giving up: ${name}`, () => {
    const server = useServer(startFailingServer);
    const outcomeOf = (client: string, { url } = server as { readonly url: string }) =>
      outcomeByTestClock((options) => programs[client]!(url, options));

    it.each(Object.keys(programs))(
      '%s, whose provider is down, is given up after two minutes, its own retries included, and shows each of them',
      async (client) => {
        server.response = overloaded;
        const before = server.requests;
        const ended = await outcomeOf(client);
        const { outcome, retries } = ended;
        expect(outcome).toBeInstanceOf(seedError);
        expect((outcome as Error).message).toMatch(/503|overloaded/);
        expectGivenUp(ended);
        expect(retries.length).toBeGreaterThan(3);
        expect(retries).toHaveLength(server.requests - before - 1);
        for (const message of retries) expect(message).toMatch(/503|overloaded/);
      },
      60_000,
    );

    it.each(readsRetryAfter)(
      'a retry-after beyond the two minutes ends a run of %s at once, though the client would try again',
      async (client) => {
        for (const status of [503, 429]) {
          server.response = { ...overloaded, status, headers: { 'retry-after': '3600' } };
          const { outcome, seconds } = await outcomeOf(client);
          expect(outcome).toBeInstanceOf(seedError);
          expect((outcome as Error).message).toMatch(/503|429|overloaded/);
          expect(seconds).toBeLessThan(5);
        }
      },
      60_000,
    );

    it.each(Object.keys(programs))(
      '%s at a wrong port ends the run within seconds, with the address',
      async (client) => {
        const gone = await startFailingServer();
        await gone.close();
        const { outcome, retries, seconds } = await outcomeOf(client, gone);
        expect(outcome).toBeInstanceOf(seedError);
        expect((outcome as Error).message).toContain(`ECONNREFUSED ${new URL(gone.url).host}`);
        expect(retries.length).toBeGreaterThanOrEqual(3);
        expect(seconds).toBeLessThan(20);
      },
      60_000,
    );
  });
}
