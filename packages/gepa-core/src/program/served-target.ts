import type { Adapter } from '../adapter/adapter.ts';
import type { Metric } from '../metric.ts';

/** Also of targets that another copy of this package made. */
const served = Symbol.for('gepa.served');

type AnyAdapter = Adapter<never, unknown, unknown>;
type AnyMetric = Metric<unknown, unknown, unknown>;

/** How a target's rollouts are made outside of `compile`. */
export interface ServedParts {
  readonly adapter: () => AnyAdapter;
  /** What `compile` makes of the metric. */
  readonly metric?: (metric: AnyMetric) => AnyMetric;
}

/** What `gepa(…)` returns. */
export interface ServableTarget {
  readonly components: Readonly<Record<string, unknown>>;
  compile(options: never): unknown;
}

/** Lets workers serve the target. */
export function asServable<T extends object>(target: T, parts: ServedParts): T {
  return Object.defineProperty(target, served, { value: parts });
}

/** How the rollouts of a target of `createTarget` are made. */
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
