import type { Run } from '@langchain/core/tracers/base';
import { type ModelCallError, modelCallError } from 'gepa-core/adapter';
import { isUnanswered, sentMessages, sentStrings, unansweredError } from './model-call.ts';
import { toPlain } from './plain.ts';

/** A model call of a rollout, and the innermost tool in which it was made. */
interface Call {
  readonly run: Run;
  readonly tool: Run | undefined;
}

/**
 * The failure of a provider that a rollout did not recover from, if any: a model call that failed for a reason that no
 * candidate causes, or that brought no answer. A program may go on after one, for example after a failed tool, but its
 * output says nothing about the candidate.
 * @param errors what model calls threw, by run id.
 */
export function providerFailure(
  roots: readonly Run[],
  errors: ReadonlyMap<string, unknown>,
): ModelCallError | undefined {
  const calls = roots.flatMap((root) => modelCallsIn(root, undefined));
  for (const [position, call] of calls.entries()) {
    const failure = failureOf(call.run, errors);
    if (failure === undefined) continue;
    const later = calls.slice(position + 1).filter(({ run }) => isAnswered(run, errors));
    const hasRecovered = errors.has(call.run.id)
      ? later.some(({ tool }) => tool === call.tool)
      : later.some(({ run }) => inputOf(run) === inputOf(call.run));
    if (!hasRecovered) return failure;
  }
  return undefined;
}

/** Model calls in the order they started. A model that calls another model makes no call itself. */
function modelCallsIn(run: Run, tool: Run | undefined): Call[] {
  const inside = run.child_runs.flatMap((child) => modelCallsIn(child, run.run_type === 'tool' ? run : tool));
  const isModel = run.run_type === 'llm' || run.run_type === 'chat_model';
  return isModel && inside.length === 0 ? [{ run, tool }] : inside;
}

function failureOf(run: Run, errors: ReadonlyMap<string, unknown>): ModelCallError | undefined {
  if (errors.has(run.id)) return modelCallError(errors.get(run.id));
  return isUnanswered(run) ? unansweredError(run) : undefined;
}

function isAnswered(run: Run, errors: ReadonlyMap<string, unknown>): boolean {
  return run.outputs !== undefined && !errors.has(run.id) && !isUnanswered(run);
}

function inputOf(run: Run): string {
  return JSON.stringify([sentMessages(run).map(toPlain), sentStrings(run)]);
}
