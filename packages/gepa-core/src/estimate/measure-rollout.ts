import type { AnyRollout } from '../adapter/any.ts';
import type { CallRequest } from '../adapter/call-meter.ts';
import type { Usage } from '../budget/usage.ts';
import { pause } from '../calls/pause.ts';
import { seedCandidateOf } from '../component.ts';
import { SeedError } from '../errors.ts';
import type { Settings } from '../options/settings.ts';
import { createDispatcher } from '../run/dispatcher.ts';
import { prepareRun } from '../run/prepare.ts';
import { readExamples } from '../run/read-examples.ts';
import { RunSignal } from '../run/run-signal.ts';
import { sentence } from '../text/error-message.ts';
import { withoutSpendLimits } from './counts.ts';

/** The measured rollout of the seed on one training example. */
export interface Measurement {
  readonly rollout: AnyRollout;
  /** The usage of program and metric; `undefined` when neither reported usage. */
  readonly usage: Usage | undefined;
  readonly durationMs: number;
  /** The requests of its model calls, if they were reported to the meter. */
  readonly requests: readonly CallRequest[];
}

/** Fewer retries than in a run, because a person waits for the estimate. */
const MAX_RETRIES = 2;

/**
 * Makes one rollout as a run does: the seed on the first training example, with its metric.
 *
 * @throws {SeedError} when the rollout is unavailable.
 */
export async function measureRollout(settings: Settings): Promise<Measurement> {
  const { retry } = settings;
  const retries = Math.min(retry.retries ?? MAX_RETRIES, MAX_RETRIES);
  const runSignal = new RunSignal(settings.signal);
  const dispatcher = createDispatcher();
  const examples = await readExamples(settings, dispatcher.warn, pause);
  const { search, calls } = prepareRun(
    { ...settings, ...withoutSpendLimits, retry: { ...retry, retries } },
    dispatcher,
    { runSignal, examples },
  );
  const requests: CallRequest[] = [];
  calls.budget.onRequest = (request) => requests.push(request);
  const startedAt = performance.now();
  try {
    const { rollouts, interruption } = await search.evaluator.evaluate(
      seedCandidateOf(settings.adapter.components),
      search.trainset.slice(0, 1),
      { iteration: 0, phase: 'seed', candidateIndex: 0 },
    );
    runSignal.signal.throwIfAborted();
    if (interruption !== undefined) {
      throw new SeedError(
        `The seed candidate could not be run on the first training example: ${sentence(interruption.error)} Fix that before a run, or estimate without \`measure\`.`,
        { cause: interruption.error },
      );
    }
    const { usage } = calls.spend;
    return {
      rollout: rollouts[0]!,
      usage: usage.modelCalls === 0 ? undefined : usage,
      durationMs: performance.now() - startedAt,
      requests,
    };
  } finally {
    runSignal.end();
  }
}
