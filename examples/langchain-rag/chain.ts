import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import type { BaseMessage } from '@langchain/core/messages';
import { JsonOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { type Runnable, RunnableLambda, RunnablePassthrough } from '@langchain/core/runnables';
import type { Labels, Ticket } from '../langchain-triage/labels.ts';
import { HandbookRetriever } from './handbook.ts';

const answerPrompt = ChatPromptTemplate.fromMessages([
  [
    'system',
    `You triage support tickets of Larkspur, a maker of planning boards, by its handbook.

customer: one of standard, education, enterprise, partner
issue: one of payment, access, defect, outage, data, question
queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support
priority: one of low, normal, high, urgent

Pages of the handbook:
{pages}

Answer with JSON: {{"customer": "...", "issue": "...", "queue": "...", "priority": "..."}}`,
  ],
  ['human', 'Ticket:\n{ticket}'],
]);

type Input = Ticket['input'];

/** Retrieves the handbook pages for a ticket, and answers by them. */
export function createHandbookChain(
  model: Runnable<BaseLanguageModelInput, BaseMessage>,
): Runnable<Input, Labels> {
  const pages = RunnableLambda.from(({ ticket }: Input) => ticket)
    .pipe(new HandbookRetriever())
    .pipe((found) => found.map(({ pageContent }) => `- ${pageContent}`).join('\n'));
  return RunnablePassthrough.assign<Input, { pages: string }>({ pages })
    .pipe(answerPrompt)
    .pipe(model)
    .pipe(new JsonOutputParser<Labels>());
}
