import type { Adapter, Execution } from '../adapter/adapter.ts';
import { checkExecution, plainExecution } from '../adapter/execution.ts';
import type { AttemptContext } from '../calls/call.ts';
import { ClientRetries } from '../calls/client-retries.ts';
import { FailingStep } from '../calls/failing-step.ts';
import type { Outage } from '../calls/outage.ts';
import { AttemptTimeouts } from '../calls/timeout.ts';
import { RolloutError } from '../errors.ts';
import type { Mask } from '../masking/mask.ts';
import type { Metric } from '../metric.ts';
import { copyExample } from '../rollouts/copy-example.ts';
import { ScoreCheck } from '../search/evaluation/score-check.ts';
import { packError } from './packed-error.ts';
import type { JobRequest, Part } from './protocol.ts';
import { type CallReports, WorkerMeter } from './worker-meter.ts';

/** What a worker runs. */
export interface Served {
  readonly adapter: Adapter<unknown, unknown, unknown>;
  readonly metric: Metric<unknown, unknown, unknown> | undefined;
  readonly mask: Mask;
  readonly maxResultBytes: number;
  /** Of the worker: when each step was last answered. */
  readonly outage: Outage;
}

/**
 * Runs the steps of one job: the program, then the metric as often as the run asks for. A failure ends the job.
 *
 * @param reportsOf the reports of a step, by its number; `undefined` where calls need no admission.
 */
export async function* makeRollout(
  { adapter, metric, mask, maxResultBytes, outage }: Served,
  request: JobRequest,
  signal: AbortSignal,
  reportsOf: (part: number) => CallReports | undefined,
): AsyncGenerator<Part> {
  const { candidate, example, context, timeoutMs, scores } = request;
  const timeouts = new AttemptTimeouts(signal, timeoutMs);
  let number = 0;
  const step = async (
    name: string,
    isLast: boolean,
    work: (given: AttemptContext) => Promise<unknown>,
    packed: (value: never) => unknown,
  ): Promise<{ readonly part: Part; readonly value?: unknown }> => {
    const attempt = timeouts.start(name);
    const failing = new FailingStep(name, outage, {});
    const retries = new ClientRetries({}, failing, {
      retried: () => {},
      gaveUp: (error) => attempt.abort(error),
    });
    const meter = new WorkerMeter(reportsOf(number++), retries, failing);
    try {
      const value = await attempt.run(() => work({ signal: attempt.signal, meter }));
      outage.noteAnswer(name);
      const part = { calls: meter.close(), value: packed(value as never), isLast };
      refuseTooLarge(part, maxResultBytes);
      return { part, value };
    } catch (error) {
      const part = { calls: meter.close(), error: packError(error, mask), isLast: true };
      return { part: withoutLargeTrace(part, maxResultBytes) };
    } finally {
      timeouts.stop(attempt);
    }
  };

  let execution = request.execution as Execution<unknown, unknown> | undefined;
  if (execution === undefined) {
    const ran = await step(
      'The program',
      scores === 0,
      (given) => adapter.run(candidate, copyExample(example), { ...given, ...context }),
      (value: Execution<unknown, unknown>) => {
        checkExecution(value, context.exampleId);
        return packedExecution({ adapter, mask }, value);
      },
    );
    yield ran.part;
    if (ran.part.isLast) return;
    execution = ran.value as Execution<unknown, unknown>;
  }
  const { output, trace } = execution;
  for (let score = 1; score <= scores; score++) {
    const scored = await step(
      'The metric',
      score === scores,
      async (given) => metric!({ ...given, candidate, example, output, trace }),
      // The run compares the objectives with those of other rollouts.
      (value) => mask.data(new ScoreCheck('instance', mask).check(value, context.exampleId)),
    );
    yield scored.part;
    if (scored.part.isLast) return;
  }
}

/** An execution as plain data, as in a run directory. */
function packedExecution(
  { adapter, mask }: Pick<Served, 'adapter' | 'mask'>,
  execution: Execution<unknown, unknown>,
): Execution<unknown, unknown> {
  const { usage, unread, images } = execution;
  const { output, trace } = plainExecution(adapter, execution);
  return { output: mask.data(output), trace: mask.data(trace), usage, unread, images };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const sizeOf = (part: Part) => Buffer.byteLength(JSON.stringify(part));

function refuseTooLarge(part: Part, maxResultBytes: number): void {
  const size = sizeOf(part);
  if (size <= maxResultBytes) return;
  throw new RolloutError(
    `The output and trace take ${megabytes(size)}, more than the maximum of ${megabytes(maxResultBytes)}. Return less in output and trace, or raise \`maxResultBytes\` in serveRollouts.`,
    { cause: undefined },
  );
}

/** Leaves out a trace that is too large, so that the error of a failed rollout always reaches the run. */
function withoutLargeTrace(part: Part, maxResultBytes: number): Part {
  if (part.error === undefined || sizeOf(part) <= maxResultBytes) return part;
  const { trace: _t, images: _i, ...error } = part.error;
  return { ...part, error };
}
