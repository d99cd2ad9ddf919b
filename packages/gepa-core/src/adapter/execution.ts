import { RunError } from '../errors.ts';
import { messageOf } from '../text/error-message.ts';
import type { AnyAdapter, AnyExecution } from './any.ts';

/** @throws {RunError} when `run` returned something else. */
export function checkExecution(execution: unknown, exampleId: string): void {
  if (typeof execution === 'object' && execution !== null) return;
  const returned = execution === null ? 'null' : typeof execution;
  throw new RunError(
    `run() returned ${returned} for example ${exampleId}. Return { output, trace?, usage? }.`,
  );
}

/**
 * Parts of a rollout as plain data, where the adapter converts them.
 *
 * @throws {RunError} when its `toPlain` throws.
 */
export function plainParts(
  adapter: Pick<AnyAdapter<never>, 'toPlain'>,
  parts: Parameters<NonNullable<AnyAdapter<never>['toPlain']>>[0],
): Partial<typeof parts> {
  try {
    return adapter.toPlain?.(parts) ?? {};
  } catch (error) {
    throw new RunError(`The adapter's toPlain threw: ${messageOf(error)}`, { cause: error });
  }
}

/** The output and trace of a rollout as plain data: see `Adapter.toPlain`. */
export function plainExecution(
  adapter: Pick<AnyAdapter<never>, 'toPlain'>,
  { output, trace }: Partial<AnyExecution>,
): Partial<Pick<AnyExecution, 'output' | 'trace'>> {
  const { output: plainOutput = output, trace: plainTrace = trace } = plainParts(adapter, { output, trace });
  return { output: plainOutput, trace: plainTrace };
}
