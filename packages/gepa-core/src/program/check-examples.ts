import { OptionsError } from '../errors.ts';

const sets = ['trainset', 'valset', 'testset'] as const;

/** How many examples a message names. */
const most = 5;

/**
 * Refuses examples without an input: each would be a rollout that fails, or goes wrong, for every candidate.
 *
 * @throws {OptionsError}
 */
export function checkExamples(given: { readonly [set in (typeof sets)[number]]?: readonly unknown[] }): void {
  const problems = sets.flatMap((set) => {
    const examples = given[set];
    // What is no list is told by the options' own check.
    if (!Array.isArray(examples)) return [];
    const lacking = examples.flatMap((example, i) => (hasInput(example) ? [] : [`${set}[${i}]`]));
    return lacking.length === 0
      ? []
      : [
          `\`${set}\` has examples without \`input\`: ${lacking.slice(0, most).join(', ')}${lacking.length > most ? ', …' : ''}.`,
        ];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

function hasInput(example: unknown): boolean {
  return (
    typeof example === 'object' && example !== null && (example as { input?: unknown }).input !== undefined
  );
}
