import type { AgentInstructions } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import { OptionsError } from 'gepa-core';
import type { Discovery, SkippedPart } from './discovery.ts';
import { blocksOf } from './instruction-blocks.ts';
import { effectiveInstructions, textsOf } from './instructions.ts';
import { isPromise } from './maybe-promise.ts';
import { isAgent } from './program.ts';
import { recordingReads, withOtherValues } from './request-context.ts';

/**
 * Default options that are asynchronous can only be read after discovery, which then has found instructions that they replace.
 *
 * @throws {OptionsError} when they have instructions that the option `texts` lacks.
 */
export async function checkDefaultInstructions(
  { agents }: Discovery,
  given: Readonly<Record<string, unknown>>,
  requestContext: RequestContext,
): Promise<void> {
  const problems = await Promise.all(
    [...agents].map(async ([agent, { name, instructions }]) => {
      const component = `${name}.instructions`;
      if (!isAgent(agent) || instructions.size === 0 || given[component] !== undefined) return [];
      const defaults = agent.getDefaultOptions({ requestContext });
      // Ignore errors here: the first rollout will report them.
      const options = isPromise(defaults)
        ? await Promise.resolve(defaults).catch(() => undefined)
        : undefined;
      if (!options?.instructions) return [];
      return [
        `The default options of the agent ${name} are asynchronous and have instructions, which replace its own. Pass their text: { texts: { '${component}': (await agent.getDefaultOptions()).instructions } }.`,
      ];
    }),
  );
  if (problems.flat().length > 0) throw new OptionsError(problems.flat());
}

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
            (await effectiveInstructions(agent, { requestContext: context })) as AgentInstructions,
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
