import { type Metric, type MetricResult, RolloutError, RunError, type Usage } from 'gepa-core';
import { usageOfSteps } from 'gepa-core/adapter';
import { withHandler } from './ambient.ts';
import { currentRun, RolloutTracer, toSteps } from './trace/index.ts';

/**
 * A metric whose judges are counted: the LangChain models it calls, and clients that are `metered`. In a run they are
 * told to its meter, too. A metric that tells its usage itself is believed where no call of it was seen.
 */
export function countUsage<Example, Output, Trace>(
  metric: Metric<Example, Output, Trace>,
): Metric<Example, Output, Trace> {
  return (args) => {
    const { meter } = args;
    // A metric of evaluators counts by itself as well.
    if (meter !== undefined && currentRun()?.tracer.meter === meter) return metric(args);
    const tracer = new RolloutTracer(meter);
    const spent = () => usageOfSteps(toSteps(tracer.roots));
    const result = withHandler(tracer, () => metric(args));
    if (!(result instanceof Promise)) return result;
    return result.then(
      (score) => withUsage(score, spent()),
      (error) => {
        throw withSpent(error, spent());
      },
    );
  };
}

function withUsage(result: MetricResult, usage: Usage): MetricResult {
  if (usage.modelCalls === 0) return result;
  if (typeof result === 'number' || typeof result === 'boolean') return { score: result, usage };
  return { usage, ...result };
}

/** What a judge cost before it failed is not forgotten. */
function withSpent(error: unknown, usage: Usage): unknown {
  if (usage.modelCalls === 0 || RolloutError.isInstance(error) || RunError.isInstance(error)) return error;
  return new RolloutError(error instanceof Error ? error.message : String(error), { cause: error, usage });
}
