import type { Rollout } from '../adapter/adapter.ts';
import { Budget } from '../budget/budget.ts';
import { SpendReport } from '../budget/spend.ts';
import { Stopwatch } from '../budget/stopwatch.ts';
import type { Usage } from '../budget/usage.ts';
import { sentence } from '../calls/classify-error.ts';
import { Outage } from '../calls/outage.ts';
import { RunSignal } from '../calls/run-signal.ts';
import { AttemptTimeouts } from '../calls/timeout.ts';
import { seedCandidateOf } from '../component.ts';
import { SeedError } from '../errors.ts';
import type { Settings } from '../options/settings.ts';
import { Evaluator } from '../search/evaluator.ts';
import { ExampleIndex } from '../search/examples.ts';

/** The seed's rollout on one training example. */
export interface Measurement<Example, Output, Trace> {
  readonly rollout: Rollout<Example, Output, Trace>;
  /** Of program and metric; `undefined` when neither reported usage. */
  readonly usage: Usage | undefined;
  readonly durationMs: number;
}

/** Fewer than in a run: a person waits for the estimate. */
const MAX_RETRIES = 2;

/**
 * Makes one rollout as a run would: the seed on the first training example, with its metric.
 *
 * @throws {SeedError} when the rollout is unavailable.
 */
export async function measureRollout<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
): Promise<Measurement<Example, Output, Trace>> {
  const { retry, prices } = settings;
  const runSignal = new RunSignal(settings.signal);
  const { signal } = runSignal;
  const spend = new SpendReport();
  const evaluator = new Evaluator({
    ...settings,
    run: {
      signal,
      budget: new Budget({ prices }),
      spend,
      outage: new Outage(),
      journal: undefined,
      retry: { ...retry, retries: Math.min(retry.retries ?? MAX_RETRIES, MAX_RETRIES) },
      timeouts: new AttemptTimeouts(signal, settings.rolloutTimeoutMs),
      dispatch: () => {},
    },
    runId: crypto.randomUUID(),
    stopwatch: new Stopwatch(),
    cache: false,
    isReflectedOn: () => true,
    warn: () => {},
  });
  const examples = new ExampleIndex<Example>().add('train', settings.trainset.slice(0, 1));
  const startedAt = performance.now();
  try {
    const context = { iteration: 0, phase: 'seed', candidateIndex: 0 } as const;
    const seed = seedCandidateOf(settings.adapter.components);
    const { rollouts, interruption } = await evaluator.evaluate(seed, examples, context);
    signal.throwIfAborted();
    if (interruption !== undefined) {
      throw new SeedError(
        `The seed candidate could not be run on the first training example: ${sentence(interruption.error)} Fix that before a run, or estimate without \`measure\`.`,
        { cause: interruption.error },
      );
    }
    const { usage } = spend;
    return {
      rollout: rollouts[0]!,
      usage: usage.modelCalls === 0 ? undefined : usage,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    runSignal.end();
  }
}
