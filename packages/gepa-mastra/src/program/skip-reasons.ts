import type { SkippedPart, SkipReason } from './discovery.ts';
import type { SyncFailure } from './maybe-promise.ts';

/** A part of the program that cannot be optimized. */
export interface Skipped {
  /** Where it is in the program. */
  readonly location: string;
  readonly reason: string;
  /** How to make it optimizable. */
  readonly hint: string;
}

/** Says why parts are skipped, and how to make them optimizable. */
export function explained(skipped: readonly SkippedPart[]): readonly Skipped[] {
  return skipped.map(({ location, why }) => ({ location, ...wordsFor(why) }));
}

/** Kinds for which rollouts, or the result, differ from the live program. */
const differences: ReadonlySet<SkipReason['kind']> = new Set([
  'agentClass',
  'workflowClass',
  'unknownAgent',
  'durable',
]);

/** Warnings for the result of a run: components that replace instructions which depend on the request, and what differs. */
export function skipWarnings(skipped: readonly SkippedPart[], components: object): string[] {
  return skipped.flatMap(({ location, why }) => {
    const isReplaced = why.kind === 'replacedForAll' && Object.hasOwn(components, why.component);
    if (!isReplaced && !differences.has(why.kind)) return [];
    const { reason, hint } = wordsFor(why);
    return [`${isReplaced ? why.component : location}: ${reason} ${hint}`];
  });
}

function wordsFor(why: SkipReason): Omit<Skipped, 'location'> {
  switch (why.kind) {
    case 'memory':
      return {
        reason: 'Rollouts are without memory, its instructions and its tools.',
        hint: 'Put earlier messages into the input.',
      };
    case 'durable':
      return {
        reason:
          'A Mastra instance runs it as a durable agent, in which `parts` and tunables keep their original texts. Rollouts, and calls of the returned program itself, have the new ones.',
        hint: 'Use the agent without `durable`, or without `parts` and `tunables`.',
      };
    case 'agentClass':
      return {
        reason: classReason(why.name),
        hint: 'Use the options of Agent instead: processors, tools, default options.',
      };
    case 'workflowClass':
      return {
        reason: classReason(why.name),
        hint: 'Use compiled.writeBack(), which changes the agents of the workflow and keeps its class.',
      };
    case 'unknownAgent':
      return {
        reason: `The texts of a ${why.name} cannot be replaced, and its model calls are neither counted nor limited.`,
        hint: 'Use an agent of the class Agent of @mastra/core, without `durable` while you optimize.',
      };
    case 'function':
      return {
        reason: why.areTools
          ? 'They are functions; the agents that they call cannot be detected.'
          : 'It is a function; the agents that it calls cannot be detected.',
        hint: partsHint(why),
      };
    case 'subAgents':
      return { reason: failureReason(why.read), hint: 'Pass the sub-agents as an object.' };
    case 'tools':
      return {
        reason: failureReason(why.read),
        hint: 'Pass the tools as an object, or as a synchronous function that needs only `requestContext`.',
      };
    case 'fields':
      return {
        reason: `The input schema has no JSON schema: ${failureReason(why.read)}`,
        hint: 'Describe the input with a schema of Zod or another library that Mastra converts, or with a JSON schema.',
      };
    case 'noDescription':
      return {
        reason: 'It has no description.',
        hint: 'Add a one-sentence description to start from.',
      };
    case 'laterDescription':
      return {
        reason: 'Only the first of several descriptions of a field can be optimized.',
        hint: 'Describe the field once, outside its alternatives.',
      };
    case 'instructions':
      return {
        reason: failureReason(why.read),
        hint:
          why.read.failure === 'threw'
            ? 'Pass the request context that it needs as `requestContext`. If it uses `mastra`, register the agent first.'
            : textsHint(
                why.component,
                why.isFromStudio ? 'instructionBlocks(agent)' : 'agent.getInstructions()',
              ),
      };
    case 'promptBlock':
      if (why.isGiven)
        return {
          reason: `The prompt block ${why.id} is not published, so agents do not use it.`,
          hint: 'Publish it in Studio.',
        };
      return {
        reason: `It refers to the prompt block ${why.id}.`,
        hint: textsHint(why.component, 'instructionBlocks(agent)'),
      };
    case 'empty':
      return { reason: 'The instructions are empty.', hint: 'Add one sentence to start from.' };
    case 'tunable':
      return {
        reason: `The tunable "${why.name}", a component itself, is a part of it.`,
        hint: 'Nothing to do.',
      };
    case 'varyingItem':
      return {
        reason: `${dependence(why.reads)}. This item stays as the function returns it.`,
        hint: 'To optimize a fixed text in it, make that an item of its own or a tunable().',
      };
    case 'replacedForAll':
      return {
        reason: `${dependence(why.reads)}, but an optimized text is the same for every request.`,
        hint: `${replacementHint(why)}, make the fixed text a tunable(), or move the rest to an input processor or to the messages.${why.reads.length > 0 ? '' : " `load` refuses a saved text as soon as the function returns another one, unless you pass it { ifChanged: 'apply' }."}`,
      };
  }
}

function replacementHint({
  isItem,
  isGiven,
  component,
}: Extract<SkipReason, { kind: 'replacedForAll' }>): string {
  if (!isItem) {
    const list = 'Return a list in which the fixed text is an item of its own';
    return isGiven ? `${list}, and exclude the other items (\`exclude\`)` : list;
  }
  return isGiven
    ? `Exclude this item, { exclude: ['${component}'] }, so that it stays as the function returns it`
    : 'Pass a `requestContext` under which an item of the list differs, so that this item stays as it is';
}

function classReason(name: string): string {
  return `Optimized copies are plain agents and workflows, without what the class ${name} adds or overrides.`;
}

function failureReason(read: SyncFailure): string {
  if (read.failure === 'asynchronous') return 'The function is asynchronous.';
  const { error } = read;
  return `The function threw "${error instanceof Error ? error.message : String(error)}".`;
}

function dependence(reads: readonly string[]): string {
  return reads.length === 0
    ? 'The instructions change from call to call, for example with the date'
    : `The instructions read ${reads.join(', ')} from the request context`;
}

function textsHint(component: string, read: string): string {
  return `Pass the initial text: { texts: { '${component}': await ${read} } }.`;
}

/** How to optimize the agents that functions call. */
function partsHint({ areTools, others: names }: Extract<SkipReason, { kind: 'function' }>): string {
  if (names.length === 0)
    return 'Name them in the option `parts`: gepa(workflow, { parts: { myAgent } }), or use createStep(agent).';
  const program = areTools ? 'agent' : 'workflow';
  const named = names
    .slice(0, 5)
    .map((name) => `${/^\w+$/.test(name) ? name : `'${name}'`}: mastra.getAgent('${name}')`);
  return `The Mastra instance has the agents ${names.join(', ')}. Name those that are called in the option \`parts\`: gepa(${program}, { parts: { ${named.join(', ')} } }), or all: gepa(${program}, { parts: mastra }).`;
}
