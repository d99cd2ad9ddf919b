import type { Agent, AgentInstructions } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import { OptionsError } from 'gepa-core';
import type { Discovery, SkippedPart } from './discovery.ts';
import { blocksOf } from './instruction-blocks.ts';
import { textsOf } from './instructions.ts';
import { readSync } from './maybe-promise.ts';
import { isAgent } from './program.ts';
import { recordingReads, withOtherValues } from './request-context.ts';

/**
 * The components from the option `texts` that replace instructions which depend on the request. Functions that are
 * asynchronous can only be called after discovery.
 */
export async function replacedForAllRequests(
  { agents }: Discovery,
  given: Readonly<Record<string, unknown>>,
  requestContext: RequestContext,
): Promise<readonly SkippedPart[]> {
  const found = await Promise.all(
    [...agents].map(async ([agent, { name, instructions }]): Promise<SkippedPart[]> => {
      const texts = given[`${name}.instructions`];
      if (!isAgent(agent) || texts === undefined || blocksOf(texts) !== undefined) return [];
      const reads = new Set<string>();
      const read = async (context: RequestContext) => {
        try {
          return textsOf(
            (await awaitedDefaults(agent, context)) ??
              (await agent.getInstructions({ requestContext: context })),
          );
        } catch {
          return undefined;
        }
      };
      const first = await read(recordingReads(requestContext, reads));
      const others = await Promise.all([
        read(withOtherValues(requestContext, [...requestContext.keys(), ...reads])),
        read(new RequestContext()),
      ]);
      const known = others.filter((other) => other !== undefined);
      // A function that throws without its context depends on it.
      const isVarying = (position: number) =>
        first === undefined ||
        known.length === 0 ||
        known.some((other) => other[position] !== first[position]);
      const all = [...instructions];
      const varying = all.filter(([position]) => isVarying(position));
      // What is read, but changes no text, may choose between texts for other values.
      return (varying.length === 0 && reads.size > 0 ? all : varying).map(([, component]) => ({
        location: `agent ${name}, instructions`,
        why: {
          kind: 'replacedForAll',
          reads: [...reads],
          isItem: instructions.size > 1,
          isGiven: true,
          component,
        },
      }));
    }),
  );
  return found.flat();
}

/**
 * Refuses a program whose components do not have the instructions that its agents use: those in asynchronous default options,
 * which discovery cannot read.
 *
 * @throws {OptionsError} with the option that gives them.
 */
export async function checkDefaultInstructions(
  { agents }: Pick<Discovery, 'agents'>,
  searched: Discovery['components'],
  given: Readonly<Record<string, unknown>>,
  requestContext: RequestContext,
): Promise<void> {
  const problems = await Promise.all(
    [...agents].map(async ([agent, { name, instructions, blocks }]) => {
      const component = `${name}.instructions`;
      if (!isAgent(agent) || blocks !== undefined || given[component] !== undefined) return [];
      const read = readSync<object>(() => agent.getDefaultOptions({ requestContext }));
      if ('value' in read || read.failure === 'threw') return [];
      // The first rollout reports the error of a function that throws.
      const own = await awaitedDefaults(agent, requestContext).catch(() => undefined);
      const texts = textsOf(own);
      const isFound = [...instructions].every(
        ([position, found]) => searched[found] === undefined || searched[found].text === texts[position],
      );
      if (own === undefined || isFound) return [];
      return [
        `The asynchronous default options of the agent ${name} have other instructions than the component. Pass their text: { texts: { '${component}': '…' } }.`,
      ];
    }),
  );
  if (problems.flat().length > 0) throw new OptionsError(problems.flat());
}

/** The instructions in the default options of an agent, which override its own. */
async function awaitedDefaults(
  agent: Agent,
  requestContext: RequestContext,
): Promise<AgentInstructions | undefined> {
  const { instructions } = await agent.getDefaultOptions({ requestContext });
  return instructions || undefined;
}
