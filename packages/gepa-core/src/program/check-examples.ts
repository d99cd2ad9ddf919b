import { OptionsError } from '../errors.ts';

const sets = ['trainset', 'valset', 'testset', 'examples'] as const;

/** How many examples an error message lists per set. */
const MAX_LISTED = 5;

/**
 * Checks that every example has an `input`, without which its rollouts would fail for every candidate.
 *
 * @throws {OptionsError} which lists the examples without an `input`.
 */
export function checkExamples(
  options: {
    readonly [set in (typeof sets)[number]]?: readonly unknown[];
  },
): void {
  const problems = sets.flatMap((set) => {
    const examples = options[set];
    // `optimize` reports sets that are not arrays.
    if (!Array.isArray(examples)) return [];
    const lacking = examples.flatMap((example, i) => (hasInput(example) ? [] : [`${set}[${i}]`]));
    if (lacking.length === 0) return [];
    const more = lacking.length > MAX_LISTED ? ', …' : '';
    return [`\`${set}\` has examples without \`input\`: ${lacking.slice(0, MAX_LISTED).join(', ')}${more}.`];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

function hasInput(example: unknown): boolean {
  return (
    typeof example === 'object' && example !== null && (example as { input?: unknown }).input !== undefined
  );
}
