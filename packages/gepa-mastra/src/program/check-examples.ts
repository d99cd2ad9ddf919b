import { OptionsError } from 'gepa-core';
import type { MastraExample } from '../data/example.ts';
import { isPromise } from './maybe-promise.ts';
import { isAgent, type Program } from './program.ts';
import { freshRequestContext, type RequestContextValues } from './request-context.ts';

interface Schema {
  readonly '~standard'?: {
    validate(value: unknown): { readonly issues?: readonly { readonly message: string }[] | undefined };
  };
}

type Examples = readonly MastraExample<unknown>[];

/** `examples` are those of an evaluation. */
const sets = ['examples', 'trainset', 'valset', 'testset'] as const;

/**
 * Checks what Mastra would refuse in every rollout.
 *
 * @throws {OptionsError} when the request context of an example does not fit the program's `requestContextSchema`, or an
 *   item of `runEvals` has no `input`, or a workflow's example has mocks.
 */
export function checkMastraExamples(
  program: Program,
  options: { readonly [set in (typeof sets)[number]]?: Examples },
  requestContext: RequestContextValues | undefined,
): void {
  const { requestContextSchema: schema } = program as { readonly requestContextSchema?: Schema };
  const problems = sets.flatMap((set) => {
    const examples = options[set];
    if (!Array.isArray(examples)) return [];
    return [
      ...contextProblems(set, examples, schema, requestContext),
      ...itemProblems(set, examples, program),
    ];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

function contextProblems(
  set: string,
  examples: Examples,
  schema: Schema | undefined,
  requestContext: RequestContextValues | undefined,
): string[] {
  const { validate } = schema?.['~standard'] ?? {};
  if (validate === undefined) return [];
  const messages = examples.flatMap((example) => {
    const context = freshRequestContext(requestContext, example?.requestContext);
    const result = validate(Object.fromEntries(context.entries()));
    return isPromise(result) ? [] : (result.issues?.slice(0, 1) ?? []).map(({ message }) => message);
  });
  return messages.length === 0
    ? []
    : [
        `The request context of ${messages.length} of the ${examples.length} examples${set === 'examples' ? '' : ` of the ${set}`} does not fit the \`requestContextSchema\` of the program (${messages[0]}): pass the option \`requestContext\`, or \`requestContext\` in each example.`,
      ];
}

/** Items of `runEvals` and of experiments that rollouts do not run. */
function itemProblems(set: string, examples: Examples, program: Program): string[] {
  const has = (name: string) => examples.some((example) => Object.hasOwn(example ?? {}, name));
  const turns = ['inputs', 'turns']
    .filter(has)
    .map(
      (name) =>
        `The ${set} has examples with \`${name}\`, but a rollout is one call: pass the earlier turns as messages, { input: [{ role: 'user', content: … }, …] }.`,
    );
  if (!isAgent(program)) return turns;
  const resumes = ['resumeData', 'resumeSteps']
    .filter(has)
    .map((name) => `The ${set} has examples with \`${name}\`, but only runs of workflows are resumed.`);
  return [...turns, ...resumes];
}
