import { describe, expect, it } from 'vitest';
import { type FailureCase, failureCases } from '../failure-cases.ts';
import { type OpenAIServer, startOpenAIServer } from '../openai-server.ts';
import { type Provider, providerFailures, startFailingServer } from '../provider-failures.ts';
import { useServer } from './use-server.ts';

/** Options for `compile` that the subject passes on. */
export interface FailingRunOptions {
  readonly metric: () => number;
  readonly maxMetricCalls: number;
  readonly retry: { readonly retries: number; readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly onEvent: (event: { readonly type: string }) => void;
}

interface FailingRun {
  readonly result: { readonly candidates: readonly { readonly scores: object }[] };
}

export interface ProviderFailureSubject {
  /** Compiles a program with one example, whose only model is the provider's at this URL. */
  readonly programs: Readonly<
    Partial<Record<Provider, (url: string, options: FailingRunOptions) => Promise<FailingRun>>>
  >;
  /** Whether the clients of the programs retry by themselves, which counts too. Default `false`. */
  readonly haveClientRetries?: boolean;
  /** `SeedError` of gepa-core. */
  readonly seedError: new (
    ...args: never
  ) => Error;
}

/** Vitest suite: how a run handles each failure of a provider. */
export function providerFailureSuite(
  name: string,
  { programs, seedError, haveClientRetries = false }: ProviderFailureSubject,
): void {
  describe(`provider failures: ${name}`, () => {
    const server = useServer(startFailingServer);

    it.each(providerFailures.filter(({ provider }) => provider in programs))(
      'a program whose $provider model gets "$name" ($response.status) fails in a way that is "$kind"',
      async ({ provider, kind, response }) => {
        server.response = response;
        let retries = 0;
        const outcome = await programs[provider]!(server.url, {
          metric: () => 1,
          maxMetricCalls: 1,
          retry: { retries: 1, minDelayMs: 0, maxDelayMs: 1 },
          onEvent: ({ type }) => {
            if (type === 'retried') retries++;
          },
        }).then(
          ({ result }) => result.candidates[0]!.scores,
          (error: unknown) => error,
        );
        if (kind === 'program') {
          expect(outcome).toEqual([0]);
        } else {
          // No score at all.
          expect(outcome).toBeInstanceOf(seedError);
        }
        if (kind === 'transient' && haveClientRetries) expect(retries).toBeGreaterThan(0);
        else expect(retries).toBe(kind === 'transient' ? 1 : 0);
      },
    );
  });
}

export interface ClientErrorSubject {
  /** Calls a model of the framework once, without retries. */
  call(server: OpenAIServer): Promise<unknown>;
  /** `failureKind` of gepa-core. */
  failureKind(error: unknown): string;
  /** Default: `failureCases`. */
  readonly cases?: readonly FailureCase[];
}

/** Vitest suite: the error of a model client is recognized as the right kind of failure. */
export function clientErrorSuite(
  name: string,
  { call, failureKind, cases = failureCases }: ClientErrorSubject,
): void {
  it.each(cases)(`the error of ${name} after $name is classified as $kind`, async ({ reply, kind }) => {
    const server = await startOpenAIServer(() => reply);
    try {
      const error = await call(server).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(Error);
      expect(failureKind(error)).toBe(kind);
    } finally {
      await server.close();
    }
  });
}
