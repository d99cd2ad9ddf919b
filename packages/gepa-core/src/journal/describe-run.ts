import type { Candidate, Component } from '../component.ts';
import type { Mask } from '../masking/mask.ts';
import type { RunDescription } from '../run-data/run-data.ts';
import { originalText } from '../saved/originals.ts';
import { VERSION } from '../version.ts';

/** What people and tools want to know of a session; the strategies are in the fingerprint. */
export type SessionDescription = Omit<RunDescription, 'strategies'>;

/** What an evaluation scores. */
export interface EvaluationDescription {
  /** In the given order, each with all texts. */
  readonly candidates: readonly { readonly name: string; readonly texts: Candidate }[];
  readonly repeats: number;
}

/** The settings that a session is described by. */
type DescribedSettings = Pick<SessionDescription, 'seed' | 'perfectScore'> &
  SessionDescription['limits'] & {
    readonly adapter: {
      readonly components: Readonly<Record<string, Component>>;
      readonly models?: readonly string[];
      readonly versions?: Readonly<Record<string, string>>;
    };
    readonly reflectionModel?: { readonly modelName?: string };
    readonly mask: Mask;
    readonly skipPerfectScore: boolean;
  };

export function describeRun(settings: DescribedSettings): SessionDescription {
  const { adapter, reflectionModel, seed, skipPerfectScore, mask } = settings;
  const perfectScore = skipPerfectScore ? settings.perfectScore : undefined;
  const { maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs } = settings;
  const masked = (text: string | undefined) => (text === undefined ? undefined : mask.message(text));
  const components = Object.entries(adapter.components);
  const node = globalThis.process?.versions?.node;
  // JSON leaves out what is undefined.
  return JSON.parse(
    JSON.stringify({
      components: components.map(([name, { text, kind, variables, description }]) => {
        const original = originalText(name, text);
        return {
          name,
          kind,
          variables,
          description: masked(description),
          original: original === text ? undefined : original,
        };
      }),
      models: {
        task: (adapter.models ?? []).map(mask.message),
        reflection: masked(reflectionModel?.modelName),
      },
      limits: { maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs },
      versions: { 'gepa-core': VERSION, ...adapter.versions, node },
      seed,
      perfectScore,
    } satisfies { [Key in keyof SessionDescription]: unknown }),
  );
}
