import type { CallMeter } from './adapter/call-meter.ts';
import type { Step } from './adapter/trace.ts';
import type { Usage } from './budget/usage.ts';
import type { Candidate } from './component.ts';
import { toMarkdown } from './text/markdown.ts';
import { toPlain } from './text/plain.ts';

/** The arguments of a metric: one rollout. */
export interface MetricArgs<Example, Output, Trace = readonly Step[], Name extends string = string> {
  readonly example: Example;
  readonly output: Output;
  readonly trace: Trace | undefined;
  /** The texts that the program ran with, for objectives such as their length. Undefined outside a run. */
  readonly candidate?: Candidate<Name> | undefined;
  /** Aborted when the run ends; pass it to a judge's model calls. */
  readonly signal: AbortSignal;
  /** Reports a judge's model calls one by one. Undefined outside a run. */
  readonly meter?: CallMeter | undefined;
}

/** A score with feedback for the reflection model. Higher is better; 1 counts as perfect. */
export interface MetricScore {
  readonly score: number | boolean;
  /** What was wrong and what would have been right. The search depends on its quality. */
  readonly feedback?: string | undefined;
  /** Further scores by name; higher is better. Every rollout must return the same names. */
  readonly objectives?: Readonly<Record<string, number>> | undefined;
  /** Feedback by component; replaces `feedback` in the records of that component. */
  readonly componentFeedback?: Readonly<Record<string, string>> | undefined;
  /** The usage of a judge's model calls. */
  readonly usage?: Usage | undefined;
}

/** A number, a boolean (1 or 0), or a score with feedback. */
export type MetricResult = number | boolean | MetricScore;

/**
 * Scores one rollout. Called once for each output. In longer runs it is called again for three outputs of the seed, to see
 * whether it repeats its scores. If it throws, the rollout scores `failureScore`.
 */
export type Metric<
  Example = unknown,
  Output = unknown,
  Trace = readonly Step[],
  Name extends string = string,
> = (args: MetricArgs<Example, Output, Trace, Name>) => MetricResult | Promise<MetricResult>;

/** A metric as the engine sees it: see `AnyAdapter`. */
export type AnyMetric<Name extends string = string> = Metric<unknown, unknown, unknown, Name>;

/** The result of a metric with the score as a number. */
export type NormalizedScore = MetricScore & { readonly score: number };

/** Converts the result of a metric to one shape, or describes why it is not a valid score. */
export function normalizeMetricResult(result: unknown): NormalizedScore | { readonly problem: string } {
  if (typeof result === 'boolean') return { score: result ? 1 : 0 };
  if (typeof result === 'number') {
    return Number.isFinite(result) ? { score: result } : { problem: `its score is ${result}` };
  }
  if (typeof result !== 'object' || result === null) {
    return { problem: `it returned ${result === null ? 'null' : typeof result}` };
  }
  const { score, feedback, objectives, componentFeedback, usage } = result as Partial<MetricScore>;
  const value = typeof score === 'boolean' ? Number(score) : score;
  if (typeof value !== 'number') return { problem: `its "score" is ${typeof score}` };
  if (!Number.isFinite(value)) return { problem: `its score is ${value}` };
  for (const [name, objective] of Object.entries(objectives ?? {})) {
    if (typeof objective !== 'number' || !Number.isFinite(objective)) {
      return {
        problem: `its objective "${name}" is ${typeof objective === 'number' ? objective : typeof objective}`,
      };
    }
  }
  if (usage != null && typeof usage !== 'object') return { problem: `its usage is a ${typeof usage}` };
  return {
    score: value,
    feedback: feedback == null ? undefined : asText(feedback),
    objectives,
    componentFeedback:
      componentFeedback === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(componentFeedback)
              .filter(([, text]) => text != null)
              .map(([name, text]) => [name, asText(text)]),
          ),
    usage,
  };
}

/** Converts feedback that is an object or a list to readable text. */
function asText(feedback: unknown): string {
  return typeof feedback === 'string'
    ? feedback
    : toMarkdown(toPlain(feedback) ?? '', Number.POSITIVE_INFINITY);
}
