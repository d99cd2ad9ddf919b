// @module-tag slow
import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import { type BaseMessage, coerceMessageLikeToMessage } from '@langchain/core/messages';
import { RunnableLambda } from '@langchain/core/runnables';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  reflectionModel,
  type SimulatedModel,
  startSimulatedModel,
  taskModel,
} from '../simulated-model/server.ts';
import { createTriageChain } from './chain.ts';
import { train, validation } from './data.ts';
import { edited, mean, type Run, runs } from './trial.ts';

const never = { rateLimited: 0, serverError: 0, proseAroundJson: 0, overlookedRule: 0 };

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
  it('the triage chain scores between 0.2 and 0.55 with its seed prompts', async () => {
    const score = mean(await runs(task, validation));
    expect(score).toBeGreaterThan(0.2);
    expect(score).toBeLessThan(0.55);
  });

  it('the score of the triage chain rises with each reflection', async () => {
    const lessons: string[] = [];
    const withLessons = edited(task, (system, human) => [[system, ...lessons].join('\n'), human]);
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

  it('the triage chain throws when an answer is not JSON', async () => {
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

function reflectionPrompt(current: string, lessons: readonly string[], records: readonly Run[]): string {
  const examples = records.map(
    ({ example, output, result }, i) =>
      `## Example ${i + 1}\n\n### Input\n\nticket: ${example.input.ticket}\n\n### Output\n\n${JSON.stringify(output)}\n\n` +
      `### Feedback\n\n\`\`\`\n${result.feedback}\n\`\`\``,
  );
  const text = [current, ...lessons].join('\n');
  return `Improve this text.\n\n\`\`\`\`\n${text}\n\`\`\`\`\n\n# Runs\n\n${examples.join('\n\n')}\n\n# Task\n\nAnswer in a fence of four backticks.`;
}
