import type { BaseMessage } from '@langchain/core/messages';
import type { Metric } from 'gepa-langchain';
import type { Labels, Ticket } from '../langchain-triage/labels.ts';
import { triageMetric } from '../langchain-triage/metric.ts';

/** Converts a ticket to the input of the supervisor. */
export function toExample({ id, input, expected }: Ticket) {
  return { id, input: { messages: [{ role: 'user', content: `Ticket: ${input.ticket}` }] }, expected };
}

/** The triage metric on the answers of both agents. There is no agent for the customer, which counts as right. */
export const teamMetric: Metric<ReturnType<typeof toExample>, { messages: BaseMessage[] }> = ({
  example: { id, input, expected },
  output: { messages },
  signal,
}) => {
  const labels = {
    ...labelsIn(messages, 'classify_issue'),
    ...labelsIn(messages, 'queue'),
    customer: expected.customer,
  };
  const ticket = input.messages[0]!.content.replace(/^Ticket: /, '');
  return triageMetric({
    example: { id, input: { ticket }, expected },
    output: labels,
    trace: undefined,
    signal,
  });
};

/** The JSON object in the last message of an agent or a tool. */
function labelsIn(messages: readonly BaseMessage[], name: string): Partial<Labels> {
  const text = messages.findLast((message) => message.name === name)?.text ?? '';
  try {
    return JSON.parse(/\{[\s\S]*\}/.exec(text)?.[0] ?? '{}');
  } catch {
    return {};
  }
}
