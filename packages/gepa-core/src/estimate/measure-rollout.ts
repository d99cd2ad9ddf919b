import type { Rollout } from '../adapter/adapter.ts';
import type { CallRequest } from '../adapter/call-meter.ts';
import type { Usage } from '../budget/usage.ts';
import { sentence } from '../calls/classify-error.ts';
import { RunSignal } from '../calls/run-signal.ts';
import { seedCandidateOf } from '../component.ts';
import { createDispatcher } from '../dispatcher.ts';
import { SeedError } from '../errors.ts';
import { prepareRun } from '../search/prepare.ts';
import { type AnySettings, withoutSpendLimits } from './counts.ts';

/** The seed's rollout on one training example. */
export interface Measurement {
  readonly rollout: Rollout<unknown, unknown, unknown>;
  /** Of program and metric; `undefined` when neither reported usage. */
  readonly usage: Usage | undefined;
  readonly durationMs: number;
  /** What its model calls asked for, where they were reported before they were made. */
  readonly requests: readonly CallRequest[];
}

/** Fewer than in a run, because a person waits for the estimate. */
const MAX_RETRIES = 2;

/**
 * Makes one rollout as a run does: the seed on the first training example, with its metric.
 *
 * @throws {SeedError} when the rollout is unavailable.
 */
export async function measureRollout(settings: AnySettings): Promise<Measurement> {
  const { retry } = settings;
  const retries = Math.min(retry.retries ?? MAX_RETRIES, MAX_RETRIES);
  const runSignal = new RunSignal(settings.signal);
  const { search, calls } = prepareRun(
    { ...withoutSpendLimits(settings), retry: { ...retry, retries } },
    createDispatcher(),
    { runSignal },
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
