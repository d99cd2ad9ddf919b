import type { Mastra } from '@mastra/core/mastra';
import { type AnySpan, SpanType } from '@mastra/core/observability';
import type { RequestContext } from '@mastra/core/request-context';
import type { Metric, RunContext, Step } from 'gepa-core';
import { detailsOf } from './rollout-details.ts';

/**
 * Starts the root span of one rollout in the user's observability, if the Mastra instance has any. The tag and metadata
 * distinguish it from production traffic. When the user's sampler drops it, the span is not valid; pass it to the
 * rollout all the same, or each part of the rollout would start a trace of its own.
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

/** Wraps a metric so that its scores are also added to the rollout's trace in the user's observability. */
export function withScoresOnTraces<Example, Output>(
  metric: Metric<Example, Output>,
  mastra: Mastra | undefined,
): Metric<Example, Output> {
  const addScore = mastra?.observability?.addScore?.bind(mastra.observability);
  if (addScore === undefined) return metric;
  const traced: Metric<Example, Output> = async (args) => {
    const result = await metric(args);
    const span = detailsOf(args.trace as readonly Step[] | undefined)?.span;
    const correlationContext = span?.getCorrelationContext?.();
    if (span === undefined) return result;
    const scored = typeof result === 'object' && result !== null ? result : { score: Number(result) };
    const scores = { gepa: scored.score, ...scored.objectives };
    for (const [scorerId, score] of Object.entries(scores)) {
      const reason = scorerId === 'gepa' ? scored.feedback : undefined;
      // A failing exporter must not fail the run.
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
  // Run directories recognize a metric by its source.
  return Object.assign(traced, { toString: () => String(metric) });
}
