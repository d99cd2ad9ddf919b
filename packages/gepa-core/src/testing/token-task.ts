import type { Execution, ProposeRequest, Rollout } from '../adapter/adapter.ts';
import type { Candidate } from '../component.ts';
import type { Metric } from '../metric.ts';

/** An example of the token task: the tokens that each component must and must not contain. */
export interface TokenExample {
  readonly id: string;
  readonly needs: Readonly<Record<string, readonly string[]>>;
  readonly avoids: Readonly<Record<string, readonly string[]>>;
}

/** The faults of one component's text in one rollout. */
export interface TokenFindings {
  /** Tokens of `needs` that the text lacks. */
  readonly missing: readonly string[];
  /** Tokens of `avoids` that the text contains. */
  readonly unwanted: readonly string[];
}

/** Token counts over all components. */
export interface TokenOutput {
  /** Needed tokens that are present. */
  readonly present: number;
  /** Avoided tokens that are present. */
  readonly unwanted: number;
  /** All tokens of the candidate. */
  readonly allTokens: number;
}

/** The findings by component. */
export type TokenTrace = Readonly<Record<string, TokenFindings>>;

const tokensOf = (text: string) => text.split(' ').filter((token) => token !== '');

/**
 * Runs a deterministic program without a model: texts are lists of tokens, and an example needs some tokens and avoids
 * others. Every score is exact in binary floating point, so tests can compare runs for equality.
 */
export function runTokenTask(
  candidate: Candidate,
  example: TokenExample,
): Execution<TokenOutput, TokenTrace> {
  const trace: Record<string, TokenFindings> = {};
  let present = 0;
  let unwanted = 0;
  let allTokens = 0;
  for (const [component, text] of Object.entries(candidate)) {
    const tokens = tokensOf(text);
    const needs = example.needs[component] ?? [];
    const findings = {
      missing: needs.filter((token) => !tokens.includes(token)),
      unwanted: (example.avoids[component] ?? []).filter((token) => tokens.includes(token)),
    };
    trace[component] = findings;
    present += needs.length - findings.missing.length;
    unwanted += findings.unwanted.length;
    allTokens += tokens.length;
  }
  return { output: { present, unwanted, allTokens }, trace };
}

/** The metric of the token task; with `multiObjective` it also returns the objectives `coverage` and `brevity`. */
export function tokenMetric(
  options: { multiObjective?: boolean } = {},
): Metric<TokenExample, TokenOutput, TokenTrace> {
  return ({ output: { present, unwanted, allTokens } }) => {
    const score = Math.max(0, (1 + present) / 4 - 0.25 * unwanted);
    if (!options.multiObjective) return { score };
    return { score, objectives: { coverage: present / 4, brevity: Math.max(0, 1 - allTokens / 32) } };
  };
}

/** The reflective records of a component for `proposeTokens`: its findings in each rollout. */
export function tokenRecords(request: {
  readonly component: string;
  readonly rollouts: readonly Rollout<TokenExample, TokenOutput, TokenTrace>[];
}): TokenFindings[] {
  return request.rollouts.map(({ trace }) => trace?.[request.component] ?? { missing: [], unwanted: [] });
}

/** Proposes new texts without a model: adds the first missing token, or else removes the first unwanted one. */
export async function proposeTokens<Name extends string>({
  candidate,
  components,
  records,
}: Pick<ProposeRequest<Name>, 'candidate' | 'components' | 'records'>): Promise<
  Partial<Record<Name, string>>
> {
  const texts: Partial<Record<Name, string>> = {};
  for (const component of components) {
    const findings = records[component] as readonly unknown[] as readonly TokenFindings[];
    const missing = findings.find((finding) => finding.missing.length > 0)?.missing[0];
    const unwanted = findings.find((finding) => finding.unwanted.length > 0)?.unwanted[0];
    const text: string = candidate[component];
    if (missing !== undefined) texts[component] = `${text} ${missing}`;
    else if (unwanted !== undefined)
      texts[component] = tokensOf(text)
        .filter((token) => token !== unwanted)
        .join(' ');
    else texts[component] = text;
  }
  return texts;
}
