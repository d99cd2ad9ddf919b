import { rulesBehind } from '../langchain-triage/house-rules.ts';
import type { Labels, Ticket } from '../langchain-triage/labels.ts';

/** The arguments that openevals and LangSmith pass to an evaluator. */
interface Args {
  readonly inputs: Ticket['input'];
  readonly outputs: Partial<Labels>;
  readonly referenceOutputs: Labels;
}

/** An evaluator in the form of openevals for one label: whether it is right, and if not, the rules that explain it. */
const judge =
  (key: keyof Labels) =>
  ({ inputs, outputs, referenceOutputs }: Args) => {
    const score = outputs[key] === referenceOutputs[key];
    const rules = rulesBehind(inputs.ticket, referenceOutputs, key).map((rule) => `House rule: ${rule}`);
    const remark = `Expected ${key} ${referenceOutputs[key]}, got ${String(outputs[key])}.`;
    return { key, score, comment: score ? undefined : [remark, ...rules].join('\n') };
  };

export const judges = [judge('customer'), judge('issue'), judge('queue'), judge('priority')];
