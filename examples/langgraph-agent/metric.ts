import type { BaseMessage } from '@langchain/core/messages';
import type { Metric } from 'gepa-core';
import type { Labels } from '../langchain-triage/labels.ts';
import { triageMetric } from '../langchain-triage/metric.ts';
import type { toExample } from './example.ts';

/** The metric of the triage, on what the agent answered; who the customer is, it did not have to decide. */
export const agentMetric: Metric<ReturnType<typeof toExample>, { messages: BaseMessage[] }> = ({
  example: { id, input, expected },
  output,
  signal,
}) => {
  const answer = output.messages.at(-1)?.text ?? '';
  const labels = readLabels(answer);
  if (labels === undefined) return { score: 0, feedback: `The answer must be one JSON object: ${answer}` };
  return triageMetric({
    example: { id, input: { ticket: input.messages[0]!.text }, expected },
    output: { ...labels, customer: expected.customer },
    trace: undefined,
    signal,
  });
};

/** The JSON object in an answer, whatever stands around it. */
function readLabels(text: string): Partial<Labels> | undefined {
  const [json] = /\{[\s\S]*\}/.exec(text) ?? [];
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
