// @module-tag slow
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedModel, startSimulatedModel, taskModel } from '../simulated-model/server.ts';
import { validation } from './data.ts';
import { defaultRule, houseRules } from './house-rules.ts';
import { edited, mean, runs } from './trial.ts';
import * as wordings from './wordings.ts';

let simulated: SimulatedModel;
let task: ChatOpenAI;

beforeAll(async () => {
  const rates = { rateLimited: 0, serverError: 0, proseAroundJson: 0, overlookedRule: 0 };
  simulated = await startSimulatedModel({ latencyMs: [0, 0], rates });
  task = new ChatOpenAI({ model: taskModel, apiKey: 'simulated', configuration: { baseURL: simulated.url } });
});

afterAll(() => simulated.close());

type Place = (text: string, system: string, human: string) => [system: string, human: string];

const places: Readonly<Record<string, Place>> = {
  'the system messages': (text, system, human) => [`${system}\n\n${text}`, human],
  'the human messages, before the ticket': (text, system, human) => [system, `${text}\n\n${human}`],
  'the human messages, after the ticket': (text, system, human) => [system, `${human}\n\n${text}`],
};

const scoreWith = async (text: string, place: Place = places['the system messages']!) =>
  mean(
    await runs(
      edited(task, (system, human) => place(text, system, human)),
      validation,
    ),
  );

const asFeedbackSaysIt = [...houseRules.map(({ text }) => text), defaultRule].join('\n');
const all = Object.entries({ asFeedbackSaysIt, ...wordings });

describe('the simulated model', () => {
  it.each(all)('the simulated model follows the house rules as worded in: %s', async (_, text) => {
    expect(await scoreWith(text)).toBeGreaterThanOrEqual(0.8);
  });

  it.each(Object.entries(places))('the simulated model follows the house rules in %s', async (_, place) => {
    for (const text of [wordings.prose, wordings.grouped, wordings.passive]) {
      expect(await scoreWith(text, place)).toBeGreaterThanOrEqual(0.8);
    }
  });

  it.each(all)('the simulated model follows wrong rules just as well: %s', async (_, text) => {
    expect(await scoreWith(rotated(text))).toBeLessThan(0.4);
  });

  it('the simulated model scores low with rules that contradict each other', async () => {
    const both = asFeedbackSaysIt
      .split('\n')
      .flatMap((rule, i) => (i % 2 === 0 ? [rule, rotated(rule)] : [rotated(rule), rule]));
    expect(await scoreWith(both.join('\n'))).toBeLessThan(0.6);
  });

  it('the simulated model scores low without rules, and general advice does not help it', async () => {
    const seed = await scoreWith('');
    expect(seed).toBeLessThan(0.45);
    const advice =
      'Be careful and polite. Think about the customer first. Our office is in Lisbon and closed on Sundays.';
    expect(Math.abs((await scoreWith(advice)) - seed)).toBeLessThan(0.05);
  });
});

/** The same rules with every value replaced by another of its field. */
function rotated(text: string): string {
  const circles = [
    ['education', 'enterprise', 'partner'],
    ['data', 'outage', 'access'],
    ['collections', 'grants', 'incidents', 'partners', 'recovery', 'labs', 'retention'],
    ['low', 'high', 'urgent', 'normal'],
  ];
  return text.replaceAll(/[a-z]+/gi, (word) => {
    const value = word.toLowerCase();
    const circle = circles.find((values) => values.includes(value));
    return circle === undefined ? word : circle[(circle.indexOf(value) + 1) % circle.length]!;
  });
}
