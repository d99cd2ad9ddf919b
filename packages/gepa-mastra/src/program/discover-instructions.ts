import type { Agent, AgentInstructions } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { Tunable } from 'gepa-core/load';
import type { Findings } from './discovery.ts';
import { readInstructions } from './fixed-texts.ts';
import { textsOf } from './instructions.ts';

interface InstructionOptions {
  readonly requestContext: RequestContext;
  readonly texts: Readonly<Record<string, AgentInstructions>>;
  readonly tunables: readonly Tunable[];
}

/**
 * Adds the instructions of an agent to the components: one, or one for each item of a list. Returns their names by
 * position. `findings.skipped` says why others are left out.
 */
export function discoverInstructions(
  findings: Findings,
  agent: Agent,
  component: string,
  location: string,
  options: InstructionOptions,
): ReadonlyMap<number, string> {
  const texts = options.texts[component];
  const fixed =
    texts === undefined
      ? fixedTexts(findings, agent, component, `${location}, instructions`, options)
      : textsOf(texts).map((text, position) => ({ text, position, isOnly: textsOf(texts).length === 1 }));
  return new Map(
    fixed
      .filter(({ text }) => text.trim() !== '')
      .map(({ text, position, isOnly }) => {
        const name = isOnly ? component : `${component}.${position + 1}`;
        findings.components[name] = { text, kind: 'instructions', location };
        return [position, name];
      }),
  );
}

interface FixedText {
  readonly text: string;
  readonly position: number;
  readonly isOnly: boolean;
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
    const hint =
      read.failure === 'threw'
        ? 'Pass the request context that it needs as `requestContext`.'
        : `Pass the initial text: { texts: { '${component}': await agent.getInstructions() } }.`;
    findings.skip(location, read.reason, hint);
    return [];
  }
  const { texts, reads, varying, tunables: inTunables } = read.value;
  if (texts.every((text) => text.trim() === '')) {
    findings.skip(location, 'The instructions are empty.', 'Add one sentence to start from.');
    return [];
  }
  const isOnly = texts.length === 1;
  const dependence =
    reads.length === 0
      ? 'The instructions change from call to call, for example with the date'
      : `The instructions read ${reads.join(', ')} from the request context`;
  const reason = `${dependence}, but an optimized text is the same for every request.`;
  const wayOut =
    'Return a list in which the fixed text is an item of its own, make the fixed text a tunable(), or move the rest to an input processor or to the messages.';
  return texts.flatMap((text, position) => {
    const at = isOnly ? location : `${location}, item ${position + 1}`;
    const tunable = inTunables.get(position);
    if (tunable !== undefined) {
      findings.skip(at, `The tunable "${tunable}", a component itself, is a part of it.`, 'Nothing to do.');
      return [];
    }
    const isVarying = varying.has(position);
    if (isVarying && !isOnly) {
      findings.skip(
        at,
        `${dependence}. This item stays as the function returns it.`,
        'To optimize a fixed text in it, make that an item of its own or a tunable().',
      );
      return [];
    }
    if (text.trim() !== '' && (isVarying || reads.length > 0)) {
      findings.skip(reads.length === 0 ? at : `${at}, request context`, reason, wayOut);
      findings.warnings.push(`${isOnly ? component : `${component}.${position + 1}`}: ${reason} ${wayOut}`);
    }
    return [{ text, position, isOnly }];
  });
}
