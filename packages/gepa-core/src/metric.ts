import type { CallMeter } from './adapter/call-meter.ts';
import type { Step } from './adapter/trace.ts';
import type { Usage } from './budget/usage.ts';

/** What a metric sees of one rollout. */
export interface MetricArgs<Example, Output, Trace = readonly Step[]> {
  readonly example: Example;
  readonly output: Output;
  readonly trace: Trace | undefined;
  /** Aborted when the run ends; hand it to a judge's model calls. */
  readonly signal: AbortSignal;
  /** To be told of a judge's model calls as they are made; absent outside of a run. */
  readonly meter?: CallMeter | undefined;
}

/** A score with what the reflection model should know about it. Higher is better; 1 is taken for perfect. */
export interface MetricScore {
  readonly score: number | boolean;
  /** What was wrong and what would have been right, in words. The better it is, the better the search. */
  readonly feedback?: string;
  /** Further scores by name, higher is better. Every example must give the same names. */
  readonly objectives?: Readonly<Record<string, number>>;
  /** Feedback for single components; it takes the place of `feedback` in their records. */
  readonly componentFeedback?: Readonly<Record<string, string>>;
  /** What a judge's own model calls cost. */
  readonly usage?: Usage;
}

/** A number, a boolean (1 or 0), or a score with feedback. */
export type MetricResult = number | boolean | MetricScore;

/** Scores one rollout. It is called once for each output; when it throws, the rollout scores `failureScore`. */
export type Metric<Example = unknown, Output = unknown, Trace = readonly Step[]> = (
  args: MetricArgs<Example, Output, Trace>,
) => MetricResult | Promise<MetricResult>;

/** A metric's word in one form. */
export type NormalizedScore = MetricScore & { readonly score: number };

/** Brings what a metric returned to one form. Says what is wrong when it is no score. */
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
  return {
    score: value,
    ...(feedback == null ? {} : { feedback: String(feedback) }),
    ...(objectives === undefined ? {} : { objectives }),
    ...(componentFeedback === undefined ? {} : { componentFeedback }),
    ...(usage === undefined ? {} : { usage }),
  };
}
