import type { Rollout } from '../adapter/adapter.ts';
import type { Usage } from '../budget/usage.ts';
import { sentence } from '../calls/classify-error.ts';
import { ProviderHealth } from '../calls/outage.ts';
import { Lifetime } from '../calls/run-signal.ts';
import { seedCandidateOf } from '../component.ts';
import { RunError, SeedError } from '../errors.ts';
import type { Settings } from '../options/settings.ts';
import { ExampleIndex } from '../search/examples.ts';
import { RolloutRunner, Spent } from '../search/rollout-runner.ts';
import { costed } from './pricing.ts';

/** The seed on one training example, and what that took. */
export interface Measurement<Example, Output, Trace> {
  readonly rollout: Rollout<Example, Output, Trace>;
  /** Of program and metric; `undefined` when neither reported any. */
  readonly usage: Usage | undefined;
  readonly durationMs: number;
}

/** Somebody waits for an estimate. */
const MAX_RETRIES = 2;

/**
 * Makes one rollout as a run would: the seed on the first training example, metric included.
 *
 * @throws {SeedError} when it cannot be had.
 */
export async function measureRollout<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
): Promise<Measurement<Example, Output, Trace>> {
  const lifetime = new Lifetime(settings.signal);
  const { retries = MAX_RETRIES } = settings.retry;
  const runner = new RolloutRunner({
    ...settings,
    signal: lifetime.signal,
    runId: crypto.randomUUID(),
    retryPolicy: {
      options: { ...settings.retry, retries: Math.min(retries, MAX_RETRIES) },
      signal: lifetime.signal,
      health: new ProviderHealth(),
    },
    onRetry: () => {},
    pay: (_, usage) => costed(usage, settings),
  });
  const [ref] = new ExampleIndex<Example>().add('train', settings.trainset.slice(0, 1));
  const spent = new Spent();
  const startedAt = performance.now();
  try {
    lifetime.signal.throwIfAborted();
    const context = { iteration: 0, phase: 'seed', candidateIndex: 0 } as const;
    const rollout = await runner.measure(seedCandidateOf(settings.adapter.components), ref!, context, spent);
    const { total } = spent;
    return {
      rollout,
      usage: total.modelCalls === 0 ? undefined : total,
      durationMs: performance.now() - startedAt,
    };
  } catch (error) {
    if (RunError.isInstance(error) || settings.signal?.aborted) throw error;
    throw new SeedError(
      `The seed candidate could not be run on the first training example: ${sentence(error)} See to that before a run, or estimate without \`measure\`.`,
      { cause: error },
    );
  } finally {
    lifetime.end();
  }
}
