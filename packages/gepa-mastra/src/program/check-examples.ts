import type { RequestContext } from '@mastra/core/request-context';
import { OptionsError } from 'gepa-core';
import type { MastraExample } from '../data/example.ts';
import { isPromise, readSync } from './maybe-promise.ts';
import { isAgent, type Program } from './program.ts';
import { freshRequestContext, type RequestContextValues } from './request-context.ts';

interface Schema {
  readonly '~standard'?: {
    validate(value: unknown): { readonly issues?: readonly { readonly message: string }[] | undefined };
  };
}

type Examples = readonly MastraExample<unknown>[];

/** The options with examples; `examples` is that of an evaluation. */
const sets = ['examples', 'trainset', 'valset', 'testset'] as const;

export type ExampleSets = { readonly [set in (typeof sets)[number]]?: Examples };

/**
 * Refuses examples that would fail in every rollout.
 *
 * @throws {OptionsError} when the request context of an example does not fit the `requestContextSchema` of the program
 *   or of a sub-agent, or an item of `runEvals` uses a feature that rollouts do not support.
 */
export function checkMastraExamples(
  program: Program,
  options: ExampleSets,
  requestContext: RequestContextValues | undefined,
): void {
  const schemas = schemasOf(program, freshRequestContext(requestContext));
  const problems = sets.flatMap((set) => {
    const examples = options[set];
    if (!Array.isArray(examples)) return [];
    return [
      ...schemas.flatMap(([owner, schema]) => contextProblems(set, examples, owner, schema, requestContext)),
      ...itemProblems(set, examples, program),
    ];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

/** The schemas that every rollout must fit: of the program, and of the sub-agents of an agent. */
function schemasOf(
  program: Program,
  requestContext: RequestContext,
  known = new Set<unknown>(),
): (readonly [owner: string, schema: Schema])[] {
  if (known.has(program)) return [];
  known.add(program);
  const { requestContextSchema: schema, id } = program as Program & {
    readonly requestContextSchema?: Schema;
  };
  const listed = isAgent(program)
    ? readSync<object>(() => program.listAgents({ requestContext }))
    : undefined;
  const subAgents = listed !== undefined && 'value' in listed ? Object.values(listed.value) : [];
  return [
    ...(schema === undefined ? [] : [[id, schema] as const]),
    ...subAgents.filter(isAgent).flatMap((agent) => schemasOf(agent, requestContext, known)),
  ];
}

function contextProblems(
  set: string,
  examples: Examples,
  owner: string,
  schema: Schema,
  requestContext: RequestContextValues | undefined,
): string[] {
  const { validate } = schema['~standard'] ?? {};
  if (validate === undefined) return [];
  const messages = examples.flatMap((example) => {
    const context = freshRequestContext(requestContext, example?.requestContext);
    const result = validate(Object.fromEntries(context.entries()));
    return isPromise(result) ? [] : (result.issues?.slice(0, 1) ?? []).map(({ message }) => message);
  });
  return messages.length === 0
    ? []
    : [
        `The request context of ${messages.length} of the ${examples.length} examples${set === 'examples' ? '' : ` of the ${set}`} does not fit the \`requestContextSchema\` of ${owner} (${messages[0]}): pass the option \`requestContext\`, or \`requestContext\` in each example.`,
      ];
}

/** Items of `runEvals` and of experiments that rollouts do not run. */
function itemProblems(set: string, examples: Examples, program: Program): string[] {
  const has = (name: string) => examples.some((example) => Object.hasOwn(example ?? {}, name));
  const owner = set === 'examples' ? 'Some of the examples have' : `The ${set} has examples with`;
  const turns = ['inputs', 'turns']
    .filter(has)
    .map(
      (name) =>
        `${owner} \`${name}\`, but a rollout is one call: pass the earlier turns as messages, { input: [{ role: 'user', content: … }, …] }.`,
    );
  if (!isAgent(program)) return turns;
  const isInMetadata = (name: string) =>
    examples.some((example) => Object.hasOwn(example?.metadata ?? {}, name));
  const ofWorkflows = [
    ...['resumeData', 'resumeSteps', 'startOptions'].filter(has),
    ...['resumeData', 'resumeSteps'].filter(isInMetadata).map((name) => `metadata.${name}`),
  ].map(
    (name) =>
      `${owner} \`${name}\`, which only runs of workflows have: an agent that is suspended is not resumed. Remove it, and answer the tool by \`toolMocks\`.`,
  );
  return [...turns, ...ofWorkflows];
}

/** The examples of all sets. */
export function allExamples(options: ExampleSets): Examples {
  return sets.flatMap((set) => (Array.isArray(options[set]) ? options[set] : []));
}
