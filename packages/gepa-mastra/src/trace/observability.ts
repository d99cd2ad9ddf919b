import type { Mastra } from '@mastra/core/mastra';
import { type AnySpan, SpanType } from '@mastra/core/observability';
import type { RequestContext } from '@mastra/core/request-context';
import type { Metric, RunContext, Step } from 'gepa-core';
import { detailsOf, type StoredSpan } from './rollout-details.ts';
import { scoresOf } from './scorer-scores.ts';

/**
 * Starts the root span of one rollout in the user's observability, if the Mastra instance has any. The tag and metadata
 * distinguish it from production traffic. If the user's sampler drops it, the span is invalid. Pass it to the rollout
 * anyway: otherwise each part of the rollout would start its own trace.
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
    tracingOptions: tagged(),
    input: input as never,
    metadata,
    requestContext,
    customSamplerOptions: { requestContext, metadata },
  });
}

interface EndedSpan {
  readonly type: string;
  readonly exportedSpan: {
    readonly id: string;
    readonly traceId: string;
    readonly type: string;
    readonly startTime: Date;
    readonly endTime?: Date;
  };
}

/** What `@mastra/observability` adds to the interface of core. */
interface WithBus {
  getObservabilityBus?(): { subscribe(handler: (event: EndedSpan) => void): () => void };
}

/**
 * Collects the ended spans of a rollout in the form in which a storage has them. Empty without a storage: `runEvals`
 * reads the spans from there, but they may arrive late.
 */
export function collectSpans(
  mastra: Mastra | undefined,
  root: AnySpan | undefined,
  requestContext: RequestContext,
): { readonly spans: readonly StoredSpan[]; end(): void } {
  const spans: StoredSpan[] = [];
  const instance = mastra?.observability?.getSelectedInstance({ requestContext }) as WithBus | undefined;
  if (!root?.isValid || mastra?.getStorage() === undefined) return { spans, end: () => {} };
  const end = instance?.getObservabilityBus?.().subscribe(({ type, exportedSpan }) => {
    if (type !== 'span_ended' || exportedSpan.traceId !== root.traceId) return;
    const {
      id: spanId,
      type: spanType,
      startTime: startedAt,
      endTime: endedAt = null,
      ...rest
    } = exportedSpan;
    const stored = { ...rest, spanId, spanType, startedAt, endedAt };
    spans.push(stored);
  });
  return { spans, end: end ?? (() => {}) };
}

/** A Mastra instance whose new traces have the tag `gepa`, for calls that take no tracing options. */
export function withTaggedTraces(mastra: Mastra): Mastra {
  return override(mastra, {
    observability: override(mastra.observability, {
      getSelectedInstance: (options: never) => {
        const instance = mastra.observability.getSelectedInstance(options);
        return (
          instance &&
          override(instance, {
            startSpan: (span: Parameters<typeof instance.startSpan>[0]) =>
              instance.startSpan({ ...span, tracingOptions: tagged(span.tracingOptions) } as typeof span),
          })
        );
      },
    }),
  });
}

/** Tracing options with the tag `gepa`, which distinguishes a new trace from production traffic. */
export function tagged<Options extends { readonly tags?: readonly string[] }>(
  options?: Options,
): Options & { readonly tags: string[] } {
  return { ...options, tags: [...(options?.tags ?? []), 'gepa'] } as Options & { readonly tags: string[] };
}

/** An object with some properties changed. The private fields of the object are not accessible through a proxy. */
function override<Thing extends object>(thing: Thing, changes: object): Thing {
  return new Proxy(thing, {
    get(target, key) {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
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
    for (const score of scoresOf(result)) {
      // A failing exporter must not fail the run.
      addScore({
        traceId: span.traceId,
        spanId: span.id,
        correlationContext,
        score: { ...score, scoreSource: 'experiment' },
      }).catch(() => {});
    }
    return result;
  };
  // Run directories recognize a metric by its source.
  return Object.assign(traced, { toString: () => String(metric) });
}
