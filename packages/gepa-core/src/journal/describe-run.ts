import type { Settings } from '../options/settings.ts';
import type { RunDescription } from '../run-data/run-data.ts';
import { VERSION } from '../version.ts';

/** What people and tools want to know of a session; the strategies are in the fingerprint. */
export type SessionDescription = Omit<RunDescription, 'strategies'>;

export function describeRun<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
): SessionDescription {
  const { adapter, reflectionModel, seed, perfectScore } = settings;
  const { maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs } = settings;
  const components = Object.entries<(typeof adapter.components)[Name]>(adapter.components);
  const node = globalThis.process?.versions?.node;
  // JSON leaves out what is undefined.
  return JSON.parse(
    JSON.stringify({
      components: components.map(([name, { kind, variables, description }]) => ({
        name,
        kind,
        variables,
        description,
      })),
      models: { task: adapter.models ?? [], reflection: reflectionModel?.modelName },
      limits: { maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs },
      versions: { 'gepa-core': VERSION, node },
      seed,
      perfectScore,
    } satisfies { [Key in keyof SessionDescription]: unknown }),
  );
}
