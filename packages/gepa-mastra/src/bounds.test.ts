import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import fc from 'fast-check';
import type { Usage } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { fromScorers } from './scorers.ts';
import {
  type ChatReply,
  type ChatRequest,
  type OpenAIServer,
  startOpenAIServer,
  systemOf,
} from './testing/openai-server.ts';

interface Weather {
  readonly failures: number;
  readonly hanging: number;
}

/** The same number in [0, 1) for the same words. */
function chance(...words: readonly unknown[]): number {
  let hash = 2_166_136_261;
  for (const character of words.join('|')) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

function weatherServer({ failures, hanging }: Weather, onAnswer: () => void): Promise<OpenAIServer> {
  const asked = new Map<string, number>();
  return startOpenAIServer(async (request) => {
    const key = JSON.stringify(request.messages);
    const number = asked.get(key) ?? 0;
    asked.set(key, number + 1);
    const draw = chance(key, number);
    await sleep(draw * 4);
    if (draw < failures) return { status: draw < failures / 2 ? 429 : 500, error: 'busy' };
    if (chance(key, number, 'hangs') < hanging) return { hangs: true };
    onAnswer();
    return answerTo(request, draw);
  }, bytesOf);
}

/** As many tokens as there can be. */
const bytesOf = ({ messages, tools }: ChatRequest) => Buffer.byteLength(JSON.stringify([messages, tools]));

function answerTo(request: ChatRequest, draw: number): ChatReply {
  const system = systemOf(request);
  if (system.trim() === '') return `\`\`\`\nSort number ${Math.floor(draw * 1e6)}.\n\`\`\``;
  if (system.includes('You judge')) return '{"score": 0.5}';
  const [tool] = request.tools ?? [];
  const wasCalled = request.messages.some(({ role }) => role === 'tool');
  if (tool !== undefined && !wasCalled) {
    return { calls: [{ name: tool.function.name, args: { prompt: 'more words', at: 'here' } }] };
  }
  return Array.from({ length: 1 + Math.floor(draw * 12) }, () => 'word').join(' ');
}

/** What a model may write, as its agents say. */
const defaultOptions = { modelSettings: { maxOutputTokens: 20, maxRetries: 0 }, maxSteps: 3 };

type Model = Agent['model'];

const look = createTool({
  id: 'look',
  description: 'Looks.',
  inputSchema: z.object({ at: z.string() }),
  execute: async () => 'a thing',
});

const programs = {
  agent: (model: Model) =>
    new Agent({ id: 'plain', name: 'plain', instructions: 'Sort.', model, defaultOptions }),
  'agent with a tool': (model: Model) =>
    new Agent({ id: 'tool', name: 'tool', instructions: 'Sort.', model, tools: { look }, defaultOptions }),
  'agent with a sub-agent': (model: Model) => {
    const description = 'Helps.';
    const helper = new Agent({
      id: 'helper',
      name: 'helper',
      description,
      instructions: 'Help.',
      model,
      defaultOptions,
    });
    return new Agent({
      id: 'top',
      name: 'top',
      instructions: 'Sort.',
      model,
      agents: { helper },
      defaultOptions,
    });
  },
} satisfies Record<string, (model: Model) => Agent>;

const mix = fc.record({
  shape: fc.constantFrom(...(Object.keys(programs) as (keyof typeof programs)[])),
  bounds: fc.oneof(
    fc.record({ maxTokens: fc.integer({ min: 6_000, max: 18_000 }) }),
    fc.record({ maxCostUsd: fc.integer({ min: 6_000, max: 18_000 }).map((n) => n / 1e6) }),
  ),
  weather: fc.record({ failures: fc.constantFrom(0, 0.3), hanging: fc.constantFrom(0, 0, 0.05) }),
  abortedAt: fc.constantFrom(undefined, undefined, 7),
  concurrency: fc.constantFrom(1, 4, 12),
  judged: fc.boolean(),
});

const prices = { simulated: { input: 1, output: 1 } };
const tokensIn = ({ inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>) =>
  inputTokens + outputTokens;

it('no bound on dollars or tokens is crossed, by what the server has counted', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async ({ shape, bounds, weather, abortedAt, concurrency, judged }) => {
      const controller = new AbortController();
      let left = abortedAt ?? Number.POSITIVE_INFINITY;
      const server = await weatherServer(weather, () => {
        if (--left === 0) controller.abort();
      });
      try {
        const judge = { model: server.model, instructions: 'You judge.' };
        const scorer = createScorer({ id: 'judged', description: 'judged', judge }).generateScore({
          description: 'Score it.',
          createPrompt: () => 'How good is it?',
        });
        const { result } = await gepa(programs[shape](server.model)).compile({
          trainset: ['a', 'b', 'c'].map((input) => ({ input })),
          valset: ['d', 'e', 'f', 'g'].map((input) => ({ input })),
          metric: judged ? fromScorers(scorer) : () => 0.5,
          reflectionModel: server.model,
          acceptanceCriterion: 'improvement_or_equal',
          ...bounds,
          prices,
          reserve: { outputTokens: 40 },
          maxIterations: 4,
          concurrency,
          signal: controller.signal,
          // What hangs is given up soon.
          rolloutTimeoutMs: weather.hanging > 0 ? 300 : 60_000,
          retry: { retries: 30, minDelayMs: 0, maxDelayMs: 1 },
        });
        const { bill } = server;
        const limit = 'maxTokens' in bounds ? bounds.maxTokens : bounds.maxCostUsd * 1e6;
        expect(tokensIn(bill)).toBeLessThanOrEqual(limit);
        if (weather.hanging === 0 && left > 0) {
          expect(result.usage).toMatchObject({
            inputTokens: bill.inputTokens,
            outputTokens: bill.outputTokens,
          });
          expect(result.usage.modelCalls).toBe(bill.calls);
        } else {
          expect(result.usage.modelCalls).toBeLessThanOrEqual(bill.calls);
        }
      } finally {
        await server.close();
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

describe('a rollout of several calls', () => {
  it('that is out of time leaves in the result what it had taken', async () => {
    let asked = 0;
    const server = await startOpenAIServer((request) => {
      const isSecond = request.messages.some(({ role }) => role === 'tool');
      return isSecond && ++asked <= 2 ? { hangs: true } : answerTo(request, 0);
    });
    try {
      const { result } = await gepa(programs['agent with a tool'](server.model)).compile({
        trainset: [{ input: 'a' }],
        metric: () => 1,
        reflectionModel: server.model,
        maxMetricCalls: 1,
        rolloutTimeoutMs: 300,
        retry: { minDelayMs: 0, maxDelayMs: 0 },
      });
      expect(result).toMatchObject({ totalMetricCalls: 1, retries: 2 });
      // Two first calls of rollouts that hung, and the two of one that did not.
      expect(result.usage.modelCalls).toBe(4);
    } finally {
      await server.close();
    }
  });
});

it('a step of a workflow is bounded too, and a call for which there is no room never reaches the server', async () => {
  const server = await startOpenAIServer((request) => answerTo(request, 0.5));
  try {
    const agent = programs.agent(server.model);
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: z.object({ text: z.string() }),
    })
      .then(createStep(agent))
      .map(async ({ inputData }) => ({ prompt: inputData.text }))
      .then(createStep(agent))
      .commit();
    const { result } = await gepa(workflow).compile({
      trainset: ['a', 'b', 'c'].map((prompt) => ({ input: { prompt } })),
      metric: () => 0.5,
      reflectionModel: server.model,
      maxTokens: 1_600,
      reserve: { outputTokens: 40 },
      concurrency: 1,
    });
    expect(result.stopReason).toBe('maxTokens');
    expect(tokensIn(server.bill)).toBeLessThanOrEqual(1_600);
    expect(result.usage.modelCalls).toBe(server.requests.length);
  } finally {
    await server.close();
  }
});
