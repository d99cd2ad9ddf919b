import type { Mastra } from '@mastra/core/mastra';
import { type AnySpan, SpanType } from '@mastra/core/observability';
import type { RequestContext } from '@mastra/core/request-context';
import type { Metric, RunContext, Step } from 'gepa-core';
import { detailsOf } from './rollout-details.ts';

/**
 * Begins a trace for one rollout in the user's own observability, if there is some: its exporters receive all that
 * happens in the rollout, and can tell it from the traffic of production. Where the user's sampler drops it, the span is
 * not valid; it must stand above the rollout all the same, or each part of it would begin a trace of its own.
 */
export function startRolloutSpan(
  mastra: Mastra | undefined,
  name: string,
  input: unknown,
  requestContext: RequestContext,
  context: RunContext,
): AnySpan | undefined {
  const metadata = {
    gepa_run: context.runId,
    gepa_iteration: context.iteration,
    gepa_phase: context.phase,
    ...(context.candidateIndex === undefined ? {} : { gepa_candidate: context.candidateIndex }),
    gepa_example: context.exampleId,
  };
  return mastra?.observability?.getSelectedInstance({ requestContext })?.startSpan({
    type: SpanType.GENERIC,
    name: `gepa rollout: ${name}`,
    tracingOptions: { tags: ['gepa'] },
    input: input as never,
    metadata,
    requestContext,
    customSamplerOptions: { requestContext, metadata },
  });
}

/** The metric, which also attaches what it says to the rollout's trace in the user's observability. */
export function withScoresOnTraces<Example, Output>(
  metric: Metric<Example, Output>,
  mastra: Mastra | undefined,
): Metric<Example, Output> {
  const addScore = mastra?.observability?.addScore?.bind(mastra.observability);
  if (addScore === undefined) return metric;
  return async (args) => {
    const result = await metric(args);
    const span = detailsOf(args.trace as readonly Step[] | undefined)?.span;
    const correlationContext = span?.getCorrelationContext?.();
    if (span === undefined) return result;
    const given = typeof result === 'object' && result !== null ? result : { score: Number(result) };
    const scores = { gepa: given.score, ...given.objectives };
    for (const [scorerId, score] of Object.entries(scores)) {
      const reason = scorerId === 'gepa' ? given.feedback : undefined;
      // The run goes on, whatever becomes of the trace.
      addScore({
        traceId: span.traceId,
        spanId: span.id,
        ...(correlationContext === undefined ? {} : { correlationContext }),
        score: {
          scorerId,
          score: Number(score),
          scoreSource: 'experiment',
          ...(reason === undefined ? {} : { reason }),
        },
      }).catch(() => {});
    }
    return result;
  };
}
