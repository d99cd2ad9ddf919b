import { RunError } from '../errors.ts';
import type { AnyAdapter, AnyExecution } from './any.ts';

/** @throws {RunError} when `run` returned something else. */
export function checkExecution(execution: unknown, exampleId: string): void {
  if (typeof execution === 'object' && execution !== null) return;
  const returned = execution === null ? 'null' : typeof execution;
  throw new RunError(
    `run() returned ${returned} for example ${exampleId}. Return { output, trace?, usage? }.`,
  );
}

/** The output and trace of a rollout as plain data: see `Adapter.toPlain`. */
export function plainExecution(
  adapter: Pick<AnyAdapter<never>, 'toPlain'>,
  { output, trace }: Partial<AnyExecution>,
): Partial<Pick<AnyExecution, 'output' | 'trace'>> {
  const plain = adapter.toPlain?.({ output, trace }) ?? {};
  const { output: plainOutput = output, trace: plainTrace = trace } = plain;
  return { output: plainOutput, trace: plainTrace };
}
