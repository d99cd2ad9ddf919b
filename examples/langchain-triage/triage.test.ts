import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import { type BaseMessage, coerceMessageLikeToMessage } from '@langchain/core/messages';
import { type Runnable, RunnableLambda } from '@langchain/core/runnables';
import { ChatOpenAI } from '@langchain/openai';
import type { MetricScore } from 'gepa-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  reflectionModel,
  type SimulatedModel,
  startSimulatedModel,
  taskModel,
} from '../simulated-model/server.ts';
import { createTriageChain } from './chain.ts';
import { train, validation } from './data.ts';
import { defaultRule, houseRules } from './house-rules.ts';
import type { Ticket } from './labels.ts';
import { triageMetric } from './metric.ts';

const never = { rateLimited: 0, serverError: 0, proseAroundJson: 0, proseDespiteOrder: 0, overlookedRule: 0 };

let simulated: SimulatedModel;
let task: ChatOpenAI;
let reflection: ChatOpenAI;

beforeAll(async () => {
  const rates = { ...never, cutOff: 0, noFence: 0, droppedPlaceholder: 0, chatter: 0, carelessRule: 0 };
  simulated = await startSimulatedModel({ latencyMs: [0, 0], rates });
  const connected = (model: string) =>
    new ChatOpenAI({ model, apiKey: 'simulated', configuration: { baseURL: simulated.url } });
  task = connected(taskModel);
  reflection = connected(reflectionModel);
});

afterAll(() => simulated.close());

describe('the triage on the simulated model', () => {
  it('does mediocre with the prompts it starts from', async () => {
    const score = mean(await runs(task, validation));
    expect(score).toBeGreaterThan(0.2);
    expect(score).toBeLessThan(0.55);
  });

  it('does well with the house rules in the system messages', async () => {
    const rules = [...houseRules.map(({ text }) => text), defaultRule].map((rule) => `- ${rule}`).join('\n');
    const model = edited(([system = '', human = '']) => [`${system}\n\nHouse rules:\n${rules}`, human]);
    expect(mean(await runs(model, validation))).toBeGreaterThan(0.85);
  });

  it('does well with the same customs in other words, in front of the ticket', async () => {
    const customs = `Treat the customer as education when the ticket says "semester", "thesis", "classroom", "campus" or "student".
When an SLA, a framework agreement, a success manager or procurement is mentioned, set the customer to enterprise.
Reseller, referral code or client workspace → customer: partner.
Set the issue to data for messages about cards vanished or cards duplicated or cards missing.
If the writer reports a blank page, a spinner or a timeout, the issue is outage.
Send anything about an invoice older than 90 days to collections.
Whenever the customer is education and a refund, a rebate or a discount is asked for: queue = grants, priority = low.
When the customer is enterprise and the issue is outage, then set the priority to urgent and the queue to incidents.
Route it to the partners queue if the customer is partner.
When the issue is data, use the recovery queue with high priority, unless the customer is partner.
For tickets about the beta or a "labs feature", the queue is labs and the priority is low.
If they speak of cancelling or name a competitor: priority = high, queue = retention.
In all other cases the priority is normal.`;
    const model = edited(([system = '', human = '']) => [system, `${customs}\n\n${human}`]);
    expect(mean(await runs(model, validation))).toBeGreaterThan(0.85);
  });

  it('does better with each text that reflection makes of the feedback', async () => {
    const lessons: string[] = [];
    const withLessons = edited(([system = '', human = '']) => [[system, ...lessons].join('\n'), human]);
    const scores = [mean(await runs(task, validation))];
    for (const batch of [train.slice(0, 6), train.slice(6, 12)]) {
      const records = await runs(withLessons, batch);
      for (const current of systemTexts) {
        const answer = await reflection.invoke(reflectionPrompt(current, lessons, records));
        const text = /````\n([\s\S]*)\n````/.exec(answer.text)?.[1] ?? '';
        expect(text).toContain(current);
        lessons.push(
          ...text
            .slice(current.length)
            .split('\n')
            .filter((line) => line !== '' && !lessons.includes(line)),
        );
      }
      scores.push(mean(await runs(withLessons, validation)));
    }
    expect(scores[1]).toBeGreaterThan(scores[0]! + 0.05);
    expect(scores[2]).toBeGreaterThan(scores[1]! + 0.05);
  });

  it('throws when the answer is no JSON', async () => {
    const talking = RunnableLambda.from<BaseLanguageModelInput, BaseMessage>(() =>
      coerceMessageLikeToMessage(['ai', 'I should think billing.']),
    );
    await expect(createTriageChain(talking).invoke({ ticket: 'Hello' })).rejects.toThrow(/JSON/);
  });
});

const systemTexts = [
  'customer: one of standard, education, enterprise, partner\n' +
    'issue: one of payment, access, defect, outage, data, question\n' +
    'Answer with JSON: {"customer": "...", "issue": "..."}',
  'queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support\n' +
    'priority: one of low, normal, high, urgent\n' +
    'Answer with JSON: {"queue": "...", "priority": "..."}',
];

/** The task model behind an editor of the texts of its messages. */
function edited(edit: (texts: string[]) => string[]): Runnable<BaseLanguageModelInput, BaseMessage> {
  return RunnableLambda.from<BaseLanguageModelInput, BaseMessage>((prompt) => {
    if (typeof prompt === 'string' || Array.isArray(prompt)) throw new TypeError('expected a chat prompt');
    const messages = prompt.toChatMessages();
    const texts = edit(messages.map(({ text }) => text));
    return task.invoke(
      messages.map((message, i) => coerceMessageLikeToMessage([message.getType(), texts[i] ?? ''])),
    );
  });
}

interface Run {
  readonly example: Ticket;
  readonly output: unknown;
  readonly result: MetricScore;
}

function runs(model: Runnable<BaseLanguageModelInput, BaseMessage>, set: readonly Ticket[]): Promise<Run[]> {
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

function mean(results: readonly Run[]): number {
  return results.reduce((sum, { result }) => sum + Number(result.score), 0) / results.length;
}

function reflectionPrompt(current: string, lessons: readonly string[], records: readonly Run[]): string {
  const examples = records.map(
    ({ example, output, result }, i) =>
      `## Example ${i + 1}\n\n### Input\n\nticket: ${example.input.ticket}\n\n### Output\n\n${JSON.stringify(output)}\n\n` +
      `### Feedback\n\n\`\`\`\n${result.feedback}\n\`\`\``,
  );
  const text = [current, ...lessons].join('\n');
  return `Improve this text.\n\n\`\`\`\`\n${text}\n\`\`\`\`\n\n# Runs\n\n${examples.join('\n\n')}\n\n# Task\n\nAnswer in a fence of four backticks.`;
}
