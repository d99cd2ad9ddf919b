import type { Execution, ProposeRequest, Rollout } from '../adapter/adapter.ts';
import type { Candidate } from '../component.ts';
import type { Metric } from '../metric.ts';

/** An example of the token task: for each component, the tokens it needs and those it should not hold. */
export interface TokenExample {
  readonly id: string;
  readonly needs: Readonly<Record<string, readonly string[]>>;
  readonly avoids: Readonly<Record<string, readonly string[]>>;
}

/** What a run of the token task shows of one component. */
export interface TokenFindings {
  /** Needed and absent. */
  readonly missing: readonly string[];
  /** Avoided and present. */
  readonly unwanted: readonly string[];
}

export interface TokenOutput {
  readonly present: number;
  readonly unwanted: number;
  readonly allTokens: number;
}

export type TokenTrace = Readonly<Record<string, TokenFindings>>;

const tokensOf = (text: string) => text.split(' ').filter((token) => token !== '');

/**
 * The task of the recorded runs: texts are lists of tokens, and an example needs three tokens and dislikes others.
 * Every score is exact in binary, so that searches can be compared by equality.
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

/** Scores the token task; with `multiObjective` also as `coverage` and `brevity`. */
export function tokenMetric(
  options: { multiObjective?: boolean } = {},
): Metric<TokenExample, TokenOutput, TokenTrace> {
  return ({ output: { present, unwanted, allTokens } }) => {
    const score = Math.max(0, (1 + present) / 4 - 0.25 * unwanted);
    if (!options.multiObjective) return { score };
    return { score, objectives: { coverage: present / 4, brevity: Math.max(0, 1 - allTokens / 32) } };
  };
}

/** Records that hold a component's findings, for `proposeTokens`. */
export function tokenRecords(request: {
  readonly component: string;
  readonly rollouts: readonly Rollout<TokenExample, TokenOutput, TokenTrace>[];
}): TokenFindings[] {
  return request.rollouts.map(({ trace }) => trace?.[request.component] ?? { missing: [], unwanted: [] });
}

/** Adds the first missing token of the first record that has one; else takes out the first unwanted one. */
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
