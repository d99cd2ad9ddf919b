import type { AgentOutput, MastraExample, Metric } from 'gepa-mastra';
import type { Labels } from '../langchain-triage/labels.ts';
import { triageMetric } from '../langchain-triage/metric.ts';

/** The triage metric on the answer of the agent. The customer counts as right, since a tool returns it. */
export const agentMetric: Metric<MastraExample<string, Labels>, AgentOutput> = ({
  example,
  output,
  signal,
}) => {
  const labels = readLabels(output.text);
  if (labels === undefined)
    return { score: 0, feedback: `The answer must be one JSON object: ${output.text}` };
  const { id = '', input } = example;
  const expected = example.expected!;
  return triageMetric({
    example: { id, input: { ticket: input }, expected },
    output: { ...labels, customer: expected.customer },
    trace: undefined,
    signal,
  });
};

/** The JSON object in an answer, without the text around it. */
export function readLabels(text: string): Partial<Labels> | undefined {
  const [json] = /\{[\s\S]*\}/.exec(text) ?? [];
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
