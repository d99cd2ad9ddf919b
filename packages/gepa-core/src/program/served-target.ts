import type { Adapter } from '../adapter/adapter.ts';
import type { Metric } from '../metric.ts';

/** A registered symbol, so that it also finds targets of another copy of this package. */
const served = Symbol.for('gepa.served');

type AnyAdapter = Adapter<never, unknown, unknown>;
type AnyMetric = Metric<unknown, unknown, unknown>;

/** The parts of a target that queue workers need to make its rollouts. */
export interface ServedParts {
  readonly adapter: () => AnyAdapter;
  /** Converts the metric as `compile` does. */
  readonly metric?: (metric: AnyMetric) => AnyMetric;
}

/** What `gepa(…)` returns. */
export interface ServableTarget {
  readonly components: Readonly<Record<string, unknown>>;
  compile(options: never): unknown;
}

/** Lets queue workers make the rollouts of a target. */
export function asServable<T extends object>(target: T, parts: ServedParts): T {
  return Object.defineProperty(target, served, { value: parts });
}

/** The parts of a target that `createTarget` made. */
export const servedParts = (target: object): ServedParts =>
  (target as { readonly [served]: ServedParts })[served];

/** The adapter of a target, or the adapter itself, and the metric as `compile` uses it. */
export function servedBy(
  program: ServableTarget | object,
  metric: AnyMetric | undefined,
): { readonly adapter: AnyAdapter; readonly metric: AnyMetric | undefined } {
  const parts: ServedParts | undefined = servedParts(program ?? {});
  const { run, components } = (program ?? {}) as Partial<AnyAdapter>;
  const isAdapter = typeof run === 'function' && typeof components === 'object';
  const adapter = parts?.adapter() ?? (isAdapter ? (program as AnyAdapter) : undefined);
  return {
    adapter: adapter as AnyAdapter,
    metric: metric === undefined ? undefined : (parts?.metric?.(metric) ?? metric),
  };
}
