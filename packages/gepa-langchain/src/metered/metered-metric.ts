import { type Metric, type MetricResult, RolloutError, RunError, type Usage } from 'gepa-core';
import { usageOfSteps } from 'gepa-core/adapter';
import { withHandler } from '../program/ambient-config.ts';
import { currentRun } from '../trace/current-run.ts';
import { watchRequests } from '../trace/request-watch.ts';
import { toSteps } from '../trace/steps.ts';
import { RolloutTracer } from '../trace/tracer.ts';
import { errorMessage } from '../util/error-message.ts';

/**
 * Adds the usage of a metric's model calls to its result: LangChain models, and clients wrapped in `metered`. In a run
 * the calls go through the run's meter too. A `usage` that the metric returns itself takes precedence.
 */
export function meterMetric<Example, Output, Trace>(
  metric: Metric<Example, Output, Trace>,
): Metric<Example, Output, Trace> {
  const metered: Metric<Example, Output, Trace> = async (args) => {
    const { meter } = args;
    // Metered already: a metric of `fromEvaluators`.
    if (meter !== undefined && currentRun()?.tracer.meter === meter) return metric(args);
    const tracer = new RolloutTracer(meter);
    const stopWatching = watchRequests();
    const usage = () => usageOfSteps(toSteps(tracer.roots));
    try {
      return withUsage(await withHandler(tracer, () => metric(args)), usage());
    } catch (error) {
      throw errorWithUsage(error, usage());
    } finally {
      stopWatching();
    }
  };
  // Run directories recognize a metric by its source.
  return Object.assign(metered, { toString: () => String(metric) });
}

function withUsage(result: MetricResult, usage: Usage): MetricResult {
  if (usage.modelCalls === 0) return result;
  if (typeof result === 'number' || typeof result === 'boolean') return { score: result, usage };
  return { usage, ...result };
}

function errorWithUsage(error: unknown, usage: Usage): unknown {
  if (usage.modelCalls === 0 || RolloutError.isInstance(error) || RunError.isInstance(error)) return error;
  return new RolloutError(errorMessage(error), { cause: error, usage });
}
