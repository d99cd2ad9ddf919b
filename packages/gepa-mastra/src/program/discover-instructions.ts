import type { Agent, AgentInstructions } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { Findings } from './discovery.ts';
import { effectiveInstructions, textOf } from './instructions.ts';
import { readSync } from './maybe-promise.ts';
import { recordingReads } from './request-context.ts';

/** The instructions of an agent as text. Undefined when they cannot be optimized; `findings.skipped` then says why. */
export function discoverInstructions(
  findings: Findings,
  agent: Agent,
  component: string,
  location: string,
  {
    requestContext,
    texts,
  }: {
    readonly requestContext: RequestContext;
    readonly texts: Readonly<Record<string, AgentInstructions>>;
  },
): string | undefined {
  const given = textOf(texts[component]);
  if (given.trim() !== '') return given;
  const at = `${location}, instructions`;
  const keysRead = new Set<string>();
  const instructions = readSync<AgentInstructions>(() =>
    effectiveInstructions(agent, { requestContext: recordingReads(requestContext, keysRead) }),
  );
  if (!('value' in instructions)) {
    const hint =
      instructions.failure === 'threw'
        ? 'Pass the request context that it needs as `requestContext`.'
        : `Pass the initial text: { texts: { '${component}': await agent.getInstructions() } }.`;
    findings.skip(at, instructions.reason, hint);
    return undefined;
  }
  if (keysRead.size > 0) {
    findings.skip(
      `${at}, request context`,
      `The instructions read ${[...keysRead].join(', ')} from the request context, but an optimized text is the same for every request.`,
      'Move what depends on the request to an input processor or to the messages, or make the fixed part a tunable().',
    );
  }
  const text = textOf(instructions.value);
  if (text.trim() !== '') return text;
  findings.skip(at, 'The instructions are empty.', 'Add one sentence to start from.');
  return undefined;
}
