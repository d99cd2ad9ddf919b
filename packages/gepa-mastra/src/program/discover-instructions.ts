import type { Agent, AgentInstructions } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { Tunable } from 'gepa-core/load';
import type { AgentComponents, Findings } from './discovery.ts';
import { readInstructions } from './fixed-texts.ts';
import {
  blocksOf,
  blockText,
  type InstructionBlock,
  type PromptBlockReference,
  storedBlocks,
} from './instruction-blocks.ts';
import { textsOf } from './instructions.ts';

interface InstructionOptions {
  readonly requestContext: RequestContext;
  readonly texts: Readonly<Record<string, AgentInstructions | readonly InstructionBlock[]>>;
  readonly tunables: readonly Tunable[];
}

/**
 * Adds the instructions of an agent to the components: one, or one for each item of a list or each block. Returns their
 * names by position. `findings.skipped` says why others are left out.
 */
export function discoverInstructions(
  findings: Findings,
  agent: Agent,
  component: string,
  location: string,
  options: InstructionOptions,
): Pick<AgentComponents, 'instructions' | 'blocks'> {
  const given = options.texts[component];
  const at = `${location}, instructions`;
  const blocks = given === undefined ? storedBlocks(agent) : blocksOf(given);
  const texts: readonly FixedText[] =
    blocks !== undefined
      ? blockTexts(findings, component, at, blocks, given !== undefined)
      : given === undefined
        ? fixedTexts(findings, agent, component, at, options)
        : textsOf(given as AgentInstructions).map((text, position, { length }) => ({
            text,
            position,
            isOnly: length === 1,
          }));
  const instructions = new Map(
    texts
      .filter(({ text }) => text.trim() !== '')
      .map(({ text, position, isOnly, variables }) => {
        const name = isOnly ? component : `${component}.${position + 1}`;
        findings.components[name] = {
          text,
          kind: 'instructions',
          location,
          ...(variables?.length ? { variables } : {}),
        };
        return [position, name];
      }),
  );
  return { instructions, blocks };
}

function blockTexts(
  findings: Findings,
  component: string,
  location: string,
  blocks: readonly InstructionBlock[],
  isGiven: boolean,
): readonly FixedText[] {
  return blocks.flatMap((block, position) => {
    if (block.content === undefined) {
      const { id } = block as PromptBlockReference;
      findings.skip(`${location}, block ${position + 1}`, { kind: 'promptBlock', id, component, isGiven });
      return [];
    }
    const { text, variables } = blockText(block.content);
    const isOnly = blocks.length === 1;
    return [{ text, position, isOnly, variables }];
  });
}

interface FixedText {
  readonly text: string;
  readonly position: number;
  readonly isOnly: boolean;
  readonly variables?: readonly string[];
}

function fixedTexts(
  findings: Findings,
  agent: Agent,
  component: string,
  location: string,
  { requestContext, tunables }: InstructionOptions,
): readonly FixedText[] {
  const read = readInstructions(agent, requestContext, tunables);
  if (!('value' in read)) {
    findings.skip(location, { kind: 'instructions', read, component, isFromStudio: isFromStudio(agent) });
    return [];
  }
  const { texts, isList, reads, hiddenReads, varying, tunables: inTunables } = read.value;
  if (texts.every((text) => text.trim() === '')) {
    findings.skip(location, { kind: 'empty' });
    return [];
  }
  const isOnly = texts.length === 1;
  return texts.flatMap((text, position) => {
    const at = isOnly ? location : `${location}, item ${position + 1}`;
    const tunable = inTunables.get(position);
    if (tunable !== undefined) {
      findings.skip(at, { kind: 'tunable', name: tunable });
      return [];
    }
    const isVarying = varying.has(position);
    if (isVarying && isList) {
      findings.skip(at, { kind: 'varyingItem', reads });
      return [];
    }
    const lost = isVarying ? reads : hiddenReads;
    if (text.trim() !== '' && (isVarying || lost.length > 0)) {
      findings.skip(lost.length === 0 ? at : `${at}, request context`, {
        kind: 'replacedForAll',
        reads: lost,
        isItem: !isOnly,
        component: isOnly ? component : `${component}.${position + 1}`,
      });
    }
    return [{ text, position, isOnly }];
  });
}

/** Whether the agent uses the instructions of Studio instead of those in code. */
function isFromStudio(agent: Agent): boolean {
  return (agent as Partial<Agent>).toRawConfig?.()?.resolvedVersionId !== undefined;
}
