import type { BaseMessage } from '@langchain/core/messages';
import type { Metric } from 'gepa-langchain';
import type { Labels } from '../langchain-triage/labels.ts';
import { triageMetric } from '../langchain-triage/metric.ts';
import type { toExample } from './example.ts';

/** The triage metric on the answer of the agent. The customer counts as right, since a tool returns it. */
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

/** The JSON object in an answer, without the text around it. */
function readLabels(text: string): Partial<Labels> | undefined {
  const [json] = /\{[\s\S]*\}/.exec(text) ?? [];
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
