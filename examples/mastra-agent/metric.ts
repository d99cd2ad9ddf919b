import type { Metric } from 'gepa-core';
import type { AgentOutput, MastraExample } from 'gepa-mastra';
import type { Labels } from '../langchain-triage/labels.ts';
import { triageMetric } from '../langchain-triage/metric.ts';

/** The metric of the triage, on what the agent answered; who the customer is, it did not have to decide. */
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

/** The JSON object in an answer, whatever stands around it. */
export function readLabels(text: string): Partial<Labels> | undefined {
  const [json] = /\{[\s\S]*\}/.exec(text) ?? [];
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
