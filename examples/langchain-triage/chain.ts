import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import type { BaseMessage } from '@langchain/core/messages';
import { JsonOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import {
  type Runnable,
  RunnableLambda,
  RunnablePassthrough,
  RunnableSequence,
} from '@langchain/core/runnables';
import type { Labels, Ticket } from './labels.ts';

const extractPrompt = ChatPromptTemplate.fromMessages([
  [
    'system',
    `You read support tickets of Larkspur, a maker of planning boards, and note the facts.

customer: one of standard, education, enterprise, partner
issue: one of payment, access, defect, outage, data, question

Answer with JSON: {{"customer": "...", "issue": "..."}}`,
  ],
  ['human', 'Ticket:\n{ticket}'],
]);

const routePrompt = ChatPromptTemplate.fromMessages([
  [
    'system',
    `You route support tickets of Larkspur to the right queue.
What is known about the ticket: {facts}

queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support
priority: one of low, normal, high, urgent

Answer with JSON: {{"queue": "...", "priority": "..."}}`,
  ],
  ['human', 'Ticket:\n{ticket}'],
]);

type TriageInput = Ticket['input'];
type Facts = Pick<Labels, 'customer' | 'issue'>;
type Decision = Pick<Labels, 'queue' | 'priority'>;

/** Triage in two model calls: extract the facts of a ticket, then route it by them. */
export function createTriageChain(
  model: Runnable<BaseLanguageModelInput, BaseMessage>,
): Runnable<TriageInput, Labels> {
  const extract = extractPrompt.pipe(model).pipe(new JsonOutputParser<Facts>());
  const route = RunnableSequence.from([
    ({ ticket, facts }: TriageInput & { facts: Facts }) => ({ ticket, facts: JSON.stringify(facts) }),
    routePrompt,
    model,
    new JsonOutputParser<Decision>(),
  ]);
  return RunnablePassthrough.assign<TriageInput, { facts: Facts }>({ facts: extract })
    .pipe(
      RunnablePassthrough.assign<TriageInput & { facts: Facts }, { decision: Decision }>({ decision: route }),
    )
    .pipe(
      RunnableLambda.from(({ facts, decision }: { facts: Facts; decision: Decision }) => ({
        ...facts,
        ...decision,
      })),
    );
}
