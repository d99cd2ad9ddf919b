// @module-tag slow
import { setTimeout as sleep } from 'node:timers/promises';
import { StringOutputParser } from '@langchain/core/output_parsers';
import type { BasePromptValueInterface } from '@langchain/core/prompt_values';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableMap } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { ChatOpenAI } from '@langchain/openai';
import fc from 'fast-check';
import { modelCallUsage, type Price, RunError, type Usage } from 'gepa-core';
import { addUsage, noUsage } from 'gepa-core/adapter';
import { chance } from 'gepa-test-server';
import { createAgent } from 'langchain';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Invocable } from './adapter.ts';
import { gepa } from './gepa.ts';
import { type ChatReply, type ChatRequest, startOpenAIServer } from './testing/openai-server.ts';

const prices: Record<string, Price> = {
  simulated: { input: 1, output: 5 },
  judge: { input: 2, output: 3 },
  reflecting: { input: 1, output: 10 },
};
const mostWritten = 1_500;

interface Weather {
  /** The share of requests that are refused for a passing reason. */
  readonly failures: number;
  /** The share that is worked on, and billed, but never answered. */
  readonly hanging: number;
}

/** A provider that draws what becomes of a request, and bills up to all that it can take. */
class Provider {
  /** All that it bills. */
  usage: Usage = noUsage;
  onAnswer: () => void = () => {};
  readonly #asked = new Map<string, number>();
  readonly #weather: Weather;

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  readonly reply = async (request: ChatRequest): Promise<ChatReply> => {
    const body = JSON.stringify(request);
    const number = this.#asked.get(body) ?? 0;
    this.#asked.set(body, number + 1);
    const draw = (what: string) => chance(body, number, what);
    if (draw('status') < this.#weather.failures) {
      await sleep(draw('pause') * 3);
      return { status: draw('kind') < 0.5 ? 429 : 500, error: 'busy' };
    }
    const share = (of: string) => (draw(`${of} is whole`) < 0.5 ? 1 : draw(of));
    const prompt = Math.ceil(share('input') * Buffer.byteLength(body));
    const completion = Math.ceil(share('output') * request.max_tokens!);
    const { input, output } = prices[request.model]!;
    const costUsd = (prompt * input + completion * output) / 1e6;
    const { model } = request;
    this.usage = addUsage(
      this.usage,
      modelCallUsage({ model, inputTokens: prompt, outputTokens: completion, costUsd }),
    );
    if (draw('hangs') < this.#weather.hanging) await new Promise(() => {});
    this.onAnswer();
    await sleep(draw('pause') * 3);
    const tokens = { prompt, completion };
    if (request.tools !== undefined && request.messages.at(-1)?.role !== 'tool') {
      const call = { id: `call_${number}`, name: 'look', args: { for: 'it' } };
      return { calls: [call], tokens };
    }
    return {
      content: model === 'reflecting' ? `\`\`\`\nSort them, ${draw('text')}.\n\`\`\`` : 'sorted',
      tokens,
    };
  };
}

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Sort these words.'],
  ['human', '{text}'],
]);
const look = (model: ChatOpenAI) =>
  tool(async ({ for: what }) => (await model.invoke(`Look for ${what}.`)).text, {
    name: 'look',
    description: 'Looks for something.',
    schema: z.object({ for: z.string() }),
  });
const ignored = () => 'nothing';

/** Programs of a few model calls, one after the other unless it is said otherwise. */
const programs = {
  chain: (model: ChatOpenAI) => prompt.pipe(model).pipe(new StringOutputParser()),
  streams: (model: ChatOpenAI) =>
    prompt.pipe(async (value: BasePromptValueInterface) => {
      let text = '';
      for await (const chunk of await model.stream(value)) text += chunk.text;
      return text;
    }),
  agent: (model: ChatOpenAI) =>
    createAgent({ model, tools: [look(model)], systemPrompt: 'Look for it first.' }),
  graph: (model: ChatOpenAI) => {
    const State = Annotation.Root({ text: Annotation<string> });
    return new StateGraph(State)
      .addNode(
        'one',
        prompt.pipe(model).pipe(({ text }) => ({ text })),
      )
      .addNode('two', async ({ text }) => ({ text: (await model.invoke(`Again: ${text}`)).text }))
      .addEdge(START, 'one')
      .addEdge('one', 'two')
      .addEdge('two', END)
      .compile();
  },
  fallback: (model: ChatOpenAI) =>
    prompt.pipe(model.withFallbacks([model.withConfig({ stop: ['.'] })])).pipe(new StringOutputParser()),
  stubborn: (model: ChatOpenAI) =>
    prompt.pipe(async (value: BasePromptValueInterface) => {
      const ask = () => model.invoke(value).then(({ text }) => text, ignored);
      return [await ask(), await ask(), await ask()];
    }),
  /** At the same time. */
  parallel: (model: ChatOpenAI) =>
    prompt.pipe(
      RunnableMap.from({
        one: model.pipe(({ text }) => text),
        two: async (value: BasePromptValueInterface) => {
          const { text } = await model.invoke(value);
          return (await model.invoke(`Again: ${text}`)).text;
        },
      }),
    ),
} satisfies Record<string, (model: ChatOpenAI) => unknown>;

const mix = fc.record({
  shape: fc.constantFrom(...(Object.keys(programs) as (keyof typeof programs)[])),
  bounds: fc.record(
    {
      maxTokens: fc.integer({ min: 8_000, max: 80_000 }),
      maxCostUsd: fc.integer({ min: 15_000, max: 200_000 }).map((n) => n / 1e6),
    },
    { requiredKeys: [] },
  ),
  judged: fc.boolean(),
  failures: fc.constantFrom(0, 0.2),
  hanging: fc.constantFrom(0, 0, 0.04),
  /** The answer at which the run is aborted. */
  abortedAt: fc.constantFrom(undefined, undefined, undefined, 5, 30),
  concurrency: fc.constantFrom(1, 3, 8),
  seed: fc.nat({ max: 100 }),
});

it('no limit is exceeded and every call is counted, by the records of a model server', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async ({ shape, bounds, judged, failures, hanging, abortedAt, ...options }) => {
      const provider = new Provider({ failures, hanging });
      const server = await startOpenAIServer(provider.reply);
      const controller = new AbortController();
      let left = abortedAt ?? Number.POSITIVE_INFINITY;
      provider.onAnswer = () => {
        if (--left === 0) controller.abort();
      };
      const judge = server.model({ model: 'judge', maxTokens: 20 });
      const program = programs[shape](server.model({ maxTokens: mostWritten })) as Invocable<{
        text: string;
      }>;
      const examples = (name: string, size: number) =>
        Array.from({ length: size }, (_, i) => ({
          input: { text: `${name} ${i}`, messages: [{ role: 'user', content: `${name} ${i}` }] },
        }));
      const run = gepa(program).compile({
        ...options,
        ...bounds,
        prices,
        trainset: examples('train', 4),
        valset: examples('val', 4),
        metric: async ({ example, output }) => {
          const score = chance(JSON.stringify([example.input, output]));
          if (judged) await judge.invoke(`Is this sorted? ${JSON.stringify(output)}`);
          return score;
        },
        reflectionModel: server.model({ model: 'reflecting', maxTokens: 100 }),
        maxMetricCalls: 40,
        signal: controller.signal,
        // What hangs is given up soon.
        rolloutTimeoutMs: hanging > 0 ? 60 : 30_000,
        retry: { retries: 40, minDelayMs: 0, maxDelayMs: 1 },
      });
      let isWhole = true;
      const { result } = await run.catch((error: unknown) => {
        if (!RunError.isInstance(error)) throw error;
        isWhole = false;
        return error as { result?: { usage: Usage; stopReason: string } };
      });
      const { usage } = provider;
      await server.close();
      const of = (bound: number | undefined) => bound ?? Number.POSITIVE_INFINITY;
      expect(usage.inputTokens + usage.outputTokens).toBeLessThanOrEqual(of(bounds.maxTokens));
      expect(usage.costUsd ?? 0).toBeLessThanOrEqual(of(bounds.maxCostUsd) + 1e-9);
      if (result === undefined) return;
      // What was under way when it was given up, its caller can know nothing of.
      const mayBeGivenUp = !isWhole || hanging > 0 || left <= 0 || shape === 'parallel';
      if (mayBeGivenUp) {
        expect(result.usage.modelCalls).toBeLessThanOrEqual(usage.modelCalls);
        return;
      }
      const { costUsd = 0, ...tokens } = result.usage;
      expect(costUsd).toBeCloseTo(usage.costUsd ?? 0, 9);
      const { costUsd: _, ...billed } = usage;
      expect(tokens).toEqual(billed);
    }),
    { numRuns: 25 },
  );
});
