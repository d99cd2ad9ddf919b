import { CallbackManager } from '@langchain/core/callbacks/manager';
import { ambientCallbacks } from '../ambient.ts';
import { RolloutTracer } from './tracer.ts';

/** A run that is seen by a tracer of ours. */
export interface CurrentRun {
  readonly tracer: RolloutTracer;
  readonly parentId: string | undefined;
}

/** The rollout or the metric that this happens in. */
export function currentRun(): CurrentRun | undefined {
  const manager = CallbackManager.configure(ambientCallbacks());
  // It may be of another copy of this package.
  const tracer = manager?.handlers.find(({ name }) => name === RolloutTracer.handlerName);
  return tracer === undefined
    ? undefined
    : { tracer: tracer as RolloutTracer, parentId: manager?.getParentRunId() };
}
