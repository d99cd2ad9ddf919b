import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import { type BaseMessage, coerceMessageLikeToMessage } from '@langchain/core/messages';
import { type Runnable, RunnableLambda } from '@langchain/core/runnables';
import type { MetricScore } from 'gepa-core';
import { createTriageChain } from './chain.ts';
import type { Ticket } from './labels.ts';
import { triageMetric } from './metric.ts';

/** For the tests: a ticket, the output of the chain, and its score. */
export interface Run {
  readonly example: Ticket;
  readonly output: unknown;
  readonly result: MetricScore;
}

type Model = Runnable<BaseLanguageModelInput, BaseMessage>;

/** Runs the chain on every ticket. */
export function runs(model: Model, set: readonly Ticket[]): Promise<Run[]> {
  const chain = createTriageChain(model);
  const { signal } = new AbortController();
  return Promise.all(
    set.map(async (example) => {
      const output = await chain.invoke(example.input);
      const result = (await triageMetric({ example, output, trace: undefined, signal })) as MetricScore;
      return { example, output, result };
    }),
  );
}

export function mean(results: readonly Run[]): number {
  return results.reduce((sum, { result }) => sum + Number(result.score), 0) / results.length;
}

/** A model whose messages are edited before each call. */
export function edited(model: Model, edit: (system: string, human: string) => [string, string]): Model {
  return RunnableLambda.from<BaseLanguageModelInput, BaseMessage>((prompt) => {
    if (typeof prompt === 'string' || Array.isArray(prompt)) throw new TypeError('expected a chat prompt');
    const messages = prompt.toChatMessages();
    const texts = edit(messages[0]?.text ?? '', messages[1]?.text ?? '');
    return model.invoke(
      messages.map((message, i) => coerceMessageLikeToMessage([message.getType(), texts[i] ?? ''])),
    );
  });
}
