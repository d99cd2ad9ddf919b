// @module-tag slow
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { CallbackManager, type CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, type BaseMessage } from '@langchain/core/messages';
import type { BasePromptValueInterface } from '@langchain/core/prompt_values';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableMap } from '@langchain/core/runnables';
import { tunable, type Usage } from 'gepa-core';
import { addUsage, noUsage, seedCandidateOf } from 'gepa-core/adapter';
import OpenAI from 'openai';
import { createLLMAsJudge } from 'openevals/llm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAdapter, type Invocable } from '../adapter.ts';
import { fromEvaluators } from '../evaluators/from-evaluators.ts';
import { gepa } from '../gepa.ts';
import { metered } from '../metered/metered-client.ts';
import { type OpenAIServer, startOpenAIServer } from '../testing/openai-server.ts';
import { rolloutContext } from '../testing/rollout.ts';

let server: OpenAIServer;
/** The number of requests to the server in this test. */
const sent = () => server.requests.length - before;
let before = 0;
beforeAll(async () => {
  server = await startOpenAIServer(async ({ messages }) => {
    const text = JSON.stringify(messages);
    if (text.includes('hang')) await new Promise(() => {});
    if (text.includes('fail')) return { status: 400, error: 'no such thing' };
    return { content: '{"score": true, "reasoning": "good"}', tokens: { prompt: 500, completion: 100 } };
  });
});
afterAll(() => server.close());
beforeEach(() => {
  before = server.requests.length;
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A model that ignores its abort signal. A call uses 600 tokens. */
class UnabortableModel extends BaseChatModel {
  callCount = 0;

  override _llmType(): string {
    return 'unabortable';
  }

  override invocationParams(): object {
    return { model: 'unabortable', max_tokens: 100 };
  }

  override async _generate() {
    this.callCount++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    const usage_metadata = { input_tokens: 500, output_tokens: 100, total_tokens: 600 };
    const message = new AIMessage({ content: 'sorted', usage_metadata: usage_metadata as never });
    return { generations: [{ text: message.text, message }] };
  }
}

/** A model that calls another one within its own run and returns its answer. */
class Wrapper extends UnabortableModel {
  readonly #inner: BaseChatModel;

  constructor(inner: BaseChatModel) {
    super({});
    this.#inner = inner;
  }

  override async _generate(messages?: BaseMessage[], _options?: object, run?: CallbackManagerForLLMRun) {
    const { handlers, inheritableHandlers } = run as unknown as Pick<
      CallbackManager,
      'handlers' | 'inheritableHandlers'
    >;
    const callbacks = new CallbackManager(run!.runId, { handlers, inheritableHandlers });
    const message = (await this.#inner.invoke(messages!, { callbacks })) as AIMessage;
    return { generations: [{ text: message.text, message }] };
  }
}

/** Records which runs have started and not ended. */
class Listener extends BaseCallbackHandler {
  readonly name = 'listener';
  readonly open = new Set<string>();
  readonly errors: unknown[] = [];

  override handleChainStart(...args: readonly unknown[]): void {
    this.open.add(args[2] as string);
  }
  override handleChatModelStart(...args: readonly unknown[]): void {
    this.open.add(args[2] as string);
  }
  override handleChainEnd(_: unknown, id: string): void {
    this.open.delete(id);
  }
  override handleChainError(_: unknown, id: string): void {
    this.open.delete(id);
  }
  override handleLLMEnd(_: unknown, id: string): void {
    this.open.delete(id);
  }
  override handleLLMError(error: unknown, id: string): void {
    this.open.delete(id);
    this.errors.push(error);
  }
}

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Sort.'],
  ['human', '{text}'],
]);
const examples = (size: number, text = 'b a') =>
  Array.from({ length: size }, (_, i) => ({ input: { text: `${text} ${i}` } }));
const settings = () => ({
  trainset: examples(8),
  metric: () => 0.5,
  reflectionModel: server.model({ maxTokens: 100 }),
  maxTokens: 6_000,
});

describe('a refused call', () => {
  const programs: Record<string, (model: UnabortableModel) => unknown> = {
    'in a chain': (model) => prompt.pipe(model),
    'with retries': (model) => prompt.pipe(model.withRetry({ stopAfterAttempt: 2 })),
    'with fallbacks': (model) => prompt.pipe(model.withFallbacks([model, model])),
    'in a function that catches errors': (model) =>
      prompt.pipe(async (value) => {
        for (let i = 0; i < 5; i++) await model.invoke(value).catch(() => {});
        return 'sorted';
      }),
    'beside other calls': (model) =>
      prompt.pipe(
        RunnableMap.from({
          a: (value: BasePromptValueInterface) => model.invoke(value),
          b: (value: BasePromptValueInterface) => model.invoke(value),
        }),
      ),
    'of a model that calls another model': (model) => prompt.pipe(new Wrapper(model)),
  };

  it.each(Object.entries(programs))(
    'a refused call %s does not reach the model, and handlers see its end',
    async (_, make) => {
      const consoleSpies = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];
      const listener = new Listener();
      const model = new UnabortableModel({});
      const { result } = await gepa(make(model) as Invocable, { config: { callbacks: [listener] } }).compile(
        settings(),
      );
      expect(result.stopReason).toBe('maxTokens');
      // Calls in progress beside it are aborted.
      expect(result.usage.modelCalls).toBeLessThanOrEqual(model.callCount + sent());
      expect(result.usage.modelCalls).toBeGreaterThan(2);
      expect(600 * model.callCount).toBeLessThanOrEqual(6_000);
      await vi.waitFor(() => expect(listener.open).toEqual(new Set()), 5_000);
      for (const spy of consoleSpies) expect(spy).not.toHaveBeenCalled();
    },
  );

  it('a refused call of a metered client is not sent', async () => {
    const client = metered(new OpenAI({ baseURL: server.url, apiKey: 'unused', maxRetries: 0 }));
    const style = tunable('style', 'Sort.');
    const program = prompt.pipe(async () => {
      const messages = [{ role: 'user' as const, content: style.text }];
      for (let i = 0; i < 5; i++) {
        await client.chat.completions
          .create({ model: 'simulated', messages, max_tokens: 100 })
          .catch(() => {});
      }
      return 'sorted';
    });
    const { result } = await gepa(program, { tunables: [style] }).compile(settings());
    expect(result.stopReason).toBe('maxTokens');
    expect(result.usage.modelCalls).toBe(sent());
    expect(600 * sent()).toBeLessThanOrEqual(6_000);
  });
});

describe('metered calls', () => {
  it('calls of a rollout that times out count', async () => {
    const model = server.model({ maxTokens: 100 });
    const program = prompt.pipe(async (value) => {
      await model.invoke('Think first.');
      return model.invoke(value);
    });
    const { result } = await gepa(program).compile({
      ...settings(),
      trainset: examples(1, 'hang'),
      valset: examples(2),
      maxIterations: 1,
      maxTokens: 30_000,
      rolloutTimeoutMs: 1_000,
      retry: { retries: 1, minDelayMs: 0 },
    });
    // Two examples with two calls each, and two attempts in which only the first of two calls is answered.
    expect(sent()).toBe(8);
    expect(result.usage).toMatchObject({ modelCalls: 6, inputTokens: 3_000, outputTokens: 600 });
  });

  it('the meter and the trace report the same usage, however calls end', async () => {
    const model = server.model({ maxTokens: 100 });
    const program = prompt.pipe(
      RunnableMap.from({
        plain: (value: BasePromptValueInterface) => model.invoke(value),
        streamed: async (value: BasePromptValueInterface) => {
          for await (const _ of await model.stream(value)) {
          }
        },
        failed: () => model.invoke('fail').catch(() => {}),
        other: () =>
          model
            .withConfig({ stop: ['fail'] })
            .withFallbacks([model])
            .invoke('hello'),
        wrapped: (value: BasePromptValueInterface) => new Wrapper(new UnabortableModel({})).invoke(value),
        cached: async () => {
          const caching = server.model({ maxTokens: 100, cache: true });
          await caching.invoke('again');
          await caching.invoke('again');
        },
      }),
    );
    const reported: Usage[] = [];
    const errors: unknown[] = [];
    const begin = async () => ({
      end: (usage: Usage) => void reported.push(usage),
      fail: (error: unknown) => void errors.push(error),
    });
    const context = rolloutContext({ meter: { begin, retrying: () => () => {} } });
    const adapter = createAdapter({ program: program as Invocable });
    const { usage } = await adapter.run(seedCandidateOf(adapter.components), examples(1)[0]!, context);
    expect(usage).toMatchObject({ modelCalls: 5, inputTokens: 2_500 });
    expect(reported.reduce(addUsage, noUsage)).toEqual(usage);
    expect(errors).toMatchObject([{ status: 400 }]);
  });

  it('the calls of judges in a metric count once', async () => {
    const model = server.model({ maxTokens: 100 });
    const judge = createLLMAsJudge({ prompt: 'Is {outputs} right for {inputs}?', judge: model as never });
    const own = async () => (await model.invoke('Is it right?')).text !== '';
    const { result } = await gepa(prompt.pipe(new UnabortableModel({}))).compile({
      ...settings(),
      metric: fromEvaluators([judge, own]),
      maxTokens: 40_000,
      maxMetricCalls: 20,
    });
    const { judge: judged, reflection } = result.spend;
    expect(judged.usage.modelCalls).toBe(2 * result.totalMetricCalls);
    expect(judged.usage.modelCalls + reflection.usage.modelCalls).toBe(sent());
  });

  it('maxTokens limits the calls of judges too', async () => {
    const judge = server.model({ maxTokens: 100 });
    const { result } = await gepa(prompt.pipe(() => 'sorted')).compile({
      ...settings(),
      metric: async () => {
        for (let i = 0; i < 5; i++) await judge.invoke('Is it right?').catch(() => {});
        return 0.5;
      },
    });
    expect(result.stopReason).toBe('maxTokens');
    expect(result.usage.modelCalls).toBe(sent());
    expect(600 * sent()).toBeLessThanOrEqual(6_000);
  });

  it('the usage that a metric returns counts when no model call of it is metered', async () => {
    const usage = { modelCalls: 1, inputTokens: 10, outputTokens: 1 };
    const { result } = await gepa(prompt.pipe(new UnabortableModel({}))).compile({
      ...settings(),
      metric: async () => ({ score: 1, usage }),
      reserve: { rollout: { tokens: 2_000 } },
      maxTokens: 60_000,
      maxIterations: 1,
    });
    const calls = result.totalMetricCalls;
    expect(result.spend.judge.usage).toEqual({
      modelCalls: calls,
      inputTokens: 10 * calls,
      outputTokens: calls,
    });
  });

  it('all model calls of a reflection count', async () => {
    const model = server.model({ maxTokens: 100 });
    const reflectionModel = model.pipe(async ({ text }) => model.invoke(text, { callbacks: [] }));
    const { result } = await gepa(prompt.pipe(new UnabortableModel({}))).compile({
      ...settings(),
      reflectionModel: reflectionModel as never,
      maxIterations: 1,
      maxTokens: 60_000,
    });
    const { reflection } = result.spend;
    expect(reflection.usage.modelCalls).toBe(sent());
    expect(sent()).toBeGreaterThan(1);
  });
});
