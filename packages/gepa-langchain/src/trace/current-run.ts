import { CallbackManager } from '@langchain/core/callbacks/manager';
import { ambientCallbacks } from '../program/ambient-config.ts';
import { RolloutTracer } from './tracer.ts';

/** A LangChain run that a `RolloutTracer` records. */
export interface CurrentRun {
  readonly tracer: RolloutTracer;
  readonly parentId: string | undefined;
}

/** The traced run this code is called in; `undefined` outside rollouts, metrics and reflections. */
export function currentRun(): CurrentRun | undefined {
  const manager = CallbackManager.configure(ambientCallbacks());
  // Compared by name: the tracer may come from another installed copy of this package.
  const tracer = manager?.handlers.find(({ name }) => name === RolloutTracer.handlerName);
  return tracer === undefined
    ? undefined
    : { tracer: tracer as RolloutTracer, parentId: manager?.getParentRunId() };
}
