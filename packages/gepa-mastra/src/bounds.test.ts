// @module-tag slow
import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { Mastra } from '@mastra/core/mastra';
import type { TracingEvent } from '@mastra/core/observability';
import { ModerationProcessor, ProcessorStepSchema } from '@mastra/core/processors';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { BaseExporter, Observability } from '@mastra/observability';
import fc from 'fast-check';
import type { OptimizationResult, ProgressEvent, Step, Usage } from 'gepa-core';
import { addUsage, noUsage, usageOfSteps } from 'gepa-core/adapter';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { fromScorers } from './scorers/from-scorers.ts';
import { type ChatReply, type ChatRequest, startOpenAIServer } from './testing/openai-server.ts';

/** What becomes of a model call. One that comes too late is billed all the same, and so is one that breaks off. */
type Fate = 'good' | 'slow' | 'late' | 'far too late' | 'breaks' | 429 | 500;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A provider that takes as much as one can: a token for every byte that is sent, and all that may be written. */
async function startProvider(fateOf: (call: number, request: ChatRequest) => Fate = () => 'good') {
  const bill = { modelCalls: 0, inputTokens: 0, outputTokens: 0 };
  let underWay = 0;
  const answer = async (request: ChatRequest): Promise<ChatReply> => {
    const fate = fateOf(server.requests.length, request);
    if (typeof fate === 'number') return { status: fate, error: 'not now' };
    if (fate === 'slow') await sleep(5);
    if (fate === 'late') await sleep(150);
    if (fate === 'far too late') await sleep(4_000);
    const { messages, tools, response_format, max_tokens: completion = 1_000 } = request;
    const prompt = Buffer.byteLength(JSON.stringify([messages, tools, response_format]));
    bill.modelCalls++;
    bill.inputTokens += prompt;
    bill.outputTokens += completion;
    return { ...answerTo(request), tokens: { prompt, completion }, breaks: fate === 'breaks' };
  };
  const server = await startOpenAIServer(async (request) => {
    underWay++;
    try {
      return await answer(request);
    } finally {
      underWay--;
    }
  });
  const atRest = async () => {
    while (underWay > 0) await sleep(5);
  };
  return { ...server, bill, atRest };
}

const shaped = { answer: 'yes', score: 0.5, category_scores: null, reason: null };

function answerTo({ messages, tools = [], response_format, model }: ChatRequest) {
  const isToldMore = messages.some(({ role }) => role === 'tool');
  if (tools.length > 0 && !isToldMore) {
    return { calls: tools.map((tool) => ({ name: tool.function.name, args: { prompt: 'more' } })) };
  }
  if (model === 'gpt-4' || response_format?.type === 'json_schema')
    return { content: JSON.stringify(shaped) };
  return { content: model === 'reflects' ? `\`\`\`\nText ${messages.length}\n\`\`\`` : 'An answer.' };
}

type Provider = Awaited<ReturnType<typeof startProvider>>;

let provider: Provider;
// Judge agents log their failures there.
beforeAll(() => {
  for (const method of ['error', 'warn'] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => provider.close());

const settings = { modelSettings: { maxOutputTokens: 100, maxRetries: 0 } };

const lookup = createTool({
  id: 'lookup',
  description: 'Looks it up.',
  inputSchema: z.object({ prompt: z.string() }),
  execute: async () => ({ found: 'Ünïcödé' }),
});

/** Others than the agent's own have no settings: the catalogue knows how much this one can read and write. */
const small = ({ model }: Provider) => ({ ...model, id: 'openai/gpt-4' }) as const;

const kinds = (
  [
    'agent',
    'tools',
    'sub-agents',
    'structured',
    'structured by another',
    'moderated',
    'moderated by a workflow',
    'with a model for each step',
    'with a model in reserve',
    'judged on completion',
    'workflow',
  ] as const
).filter(
  // Before 1.1 an agent does not list its processors.
  (kind) => !kind.startsWith('moderated') || 'listConfiguredInputProcessors' in Agent.prototype,
);
type Kind = (typeof kinds)[number];

function programOf(kind: Kind, by: Provider) {
  const { model } = by;
  const agent = (id: string, more: object = {}) =>
    new Agent({ id, name: id, instructions: `Be ${id}.`, model, defaultOptions: settings, ...more });
  const withTools = agent('tools', { tools: { lookup } });
  const schema = z.object({ answer: z.string() });
  const byDefault = (options: object) => agent('own', { defaultOptions: { ...settings, ...options } });
  switch (kind) {
    case 'agent':
      return agent('plain');
    case 'tools':
      return withTools;
    case 'sub-agents':
      return agent('desk', { agents: { first: agent('first'), second: withTools } });
    case 'structured':
      return byDefault({ structuredOutput: { schema } });
    case 'structured by another':
      return byDefault({ structuredOutput: { schema, model: small(by) } });
    case 'moderated': {
      const moderation = new ModerationProcessor({ model: small(by) });
      return agent('moderated', { inputProcessors: [moderation], outputProcessors: [moderation] });
    }
    case 'moderated by a workflow': {
      const guard = createWorkflow({
        id: 'guard',
        inputSchema: ProcessorStepSchema,
        outputSchema: ProcessorStepSchema,
        type: 'processor',
      } as never)
        .then(createStep(new ModerationProcessor({ model: small(by) })) as never)
        .commit();
      return agent('guarded', { inputProcessors: [guard], outputProcessors: [guard] });
    }
    case 'with a model for each step':
      return agent('chosen', {
        tools: { lookup },
        defaultOptions: {
          ...settings,
          prepareStep: ({ stepNumber, model: own }: { stepNumber: number; model: unknown }) => ({
            model: stepNumber === 0 ? { ...model, id: 'local/chosen' } : own,
          }),
        },
      });
    case 'with a model in reserve':
      return agent('safe', {
        model: [
          { model, maxRetries: 0 },
          { model: { ...model, id: 'local/chosen' }, maxRetries: 0 },
        ],
      });
    case 'judged on completion':
      return byDefault({ maxSteps: 2, isTaskComplete: { scorers: [judgeOf(by)] } });
    case 'workflow': {
      const schemas = {
        inputSchema: z.object({ prompt: z.string() }),
        outputSchema: z.object({ text: z.string() }),
      };
      return createWorkflow({ id: 'flow', ...schemas })
        .parallel([createStep(agent('first')), createStep(withTools)])
        .map(async ({ inputData }) => ({ prompt: `${inputData.first?.text} ${inputData.tools?.text}` }))
        .then(createStep(agent('last')))
        .commit();
    }
  }
}

const judgeOf = (by: Provider) =>
  createScorer({
    id: 'judge',
    description: 'Judges.',
    judge: { model: small(by), instructions: 'Judge.' },
  }).generateScore({
    description: 'How good it is.',
    createPrompt: ({ run }) => `Judge ${JSON.stringify(run.output)}`,
  });
const judgeBy = (by: Provider) => fromScorers(judgeOf(by));

const reflectsBy = ({ model }: Provider) =>
  new Agent({
    id: 'reflects',
    name: 'Reflects',
    instructions: '',
    model: { ...model, id: 'local/reflects' },
    defaultOptions: settings,
    tools: { lookup },
  });

const price = { input: 1, output: 2 };
const prices = Object.fromEntries(
  ['local/simulated', 'local/chosen', 'local/reflects', 'openai/gpt-4'].map((name) => [name, price]),
);

interface Args {
  readonly trace: readonly Step[] | undefined;
}

const search = (by: Provider) => ({
  metric: (_: Args): unknown => ({ score: 0.5, feedback: 'Half.' }),
  reflectionModel: reflectsBy(by),
  reflectionMinibatchSize: 2,
  maxIterations: 2,
  prices,
  retry: { retries: 4, minDelayMs: 1, maxDelayMs: 2 },
});

const examplesFor = (program: unknown, ...ids: string[]) =>
  ids.map((id) => ({ id, input: program instanceof Agent ? `question ${id}` : { prompt: 'question' } }));

const compile = async (program: unknown, options: object): Promise<OptimizationResult> => {
  const { result } = await gepa(program as Agent).compile(
    options as Parameters<ReturnType<typeof gepa>['compile']>[0],
  );
  return result;
};

const tokensOf = ({ inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>) =>
  inputTokens + outputTokens;

const fates = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Fate>('good', 'slow') },
  { weight: 2, arbitrary: fc.constantFrom<Fate>('late', 'breaks', 429, 500) },
);

const cases = fc.record({
  kind: fc.constantFrom(...kinds),
  isJudged: fc.boolean(),
  bound: fc.constantFrom('maxTokens', 'maxCostUsd'),
  tokens: fc.integer({ min: 2_000, max: 100_000 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  /** Undefined: the provider never fails and no call is abandoned. */
  storm: fc.option(
    fc.record({
      fates: fc.array(fates, { minLength: 3, maxLength: 12 }),
      abortsAt: fc.option(fc.integer({ min: 1, max: 40 })),
    }),
  ),
});

const plain = { kind: 'agent', isJudged: false, bound: 'maxTokens', concurrency: 1 } as const;

/** Cases that have failed. */
const found: (typeof cases extends fc.Arbitrary<infer Case> ? Case : never)[] = [
  { ...plain, tokens: 6_683, storm: { fates: ['good', 'good', 'breaks'], abortsAt: null } },
  { ...plain, tokens: 4_082, storm: { fates: ['good', 'breaks', 'good'], abortsAt: null } },
];

it('no limit is exceeded, and every answered call is counted', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ kind, isJudged, bound, tokens, concurrency, storm }) => {
      const controller = new AbortController();
      provider = await startProvider((call) => {
        if (call === storm?.abortsAt) controller.abort();
        return storm?.fates[call % storm.fates.length] ?? (call % 2 === 0 ? 'good' : 'slow');
      });
      const program = programOf(kind, provider);
      const limit = bound === 'maxTokens' ? tokens : tokens / 1e6;
      const outcome = await compile(program, {
        ...search(provider),
        trainset: examplesFor(program, 'a', 'b', 'c', 'd'),
        ...(isJudged ? { metric: judgeBy(provider) } : {}),
        [bound]: limit,
        concurrency,
        signal: controller.signal,
        rolloutTimeoutMs: storm === null ? undefined : 100,
      }).catch((error: Error) => error);
      await provider.atRest();
      await provider.close();
      const { bill } = provider;
      const { inputTokens, outputTokens } = bill;
      const taken = bound === 'maxTokens' ? tokensOf(bill) : (inputTokens + 2 * outputTokens) / 1e6;
      expect(taken).toBeLessThanOrEqual(limit);
      if (outcome instanceof Error) return;
      expect(tokensOf(outcome.usage)).toBeLessThanOrEqual(tokensOf(bill));
      if (storm === null) expect(outcome.usage).toMatchObject(bill);
    }),
    { numRuns: 25, examples: found.map((one) => [one]) },
  );
});

it.each(kinds)(
  'the metered usage of a program of the kind %s equals the usage in its traces',
  async (kind) => {
    provider = await startProvider();
    const program = programOf(kind, provider);
    let [traced, metered] = [noUsage, noUsage];
    const result = await compile(program, {
      ...search(provider),
      trainset: examplesFor(program, 'a', 'b'),
      propose: async () => ({}),
      reflectionModel: undefined,
      metric: ({ trace = [] }: Args) => {
        traced = addUsage(traced, usageOfSteps(trace));
        return 0.5;
      },
      onEvent: (event: ProgressEvent) => {
        if (event.type === 'rollout_finished') metered = addUsage(metered, event.usage);
      },
      maxTokens: 1e6,
    });
    expect(metered).toEqual({ ...traced, costUsd: result.usage.costUsd });
    expect(metered).toMatchObject(provider.bill);
  },
);

it('a call that could exceed the limit is not sent and ends the run', async () => {
  provider = await startProvider();
  const { stopReason, usage } = await compile(programOf('tools', provider), {
    ...search(provider),
    trainset: examplesFor(programOf('tools', provider), 'a'),
    maxTokens: 2_500,
  });
  expect(stopReason).toBe('maxTokens');
  expect(provider.requests).toHaveLength(1);
  expect(usage).toMatchObject(provider.bill);
});

it('the usage of a rollout before its timeout is counted', async () => {
  const isLate = ({ messages }: ChatRequest) =>
    JSON.stringify(messages).includes('question late') && messages.some(({ role }) => role === 'tool');
  provider = await startProvider((_, request) => (isLate(request) ? 'far too late' : 'good'));
  const program = programOf('tools', provider);
  const { usage } = await compile(program, {
    ...search(provider),
    valset: examplesFor(program, 'early'),
    trainset: examplesFor(program, 'late'),
    maxIterations: 1,
    maxTokens: 1e6,
    rolloutTimeoutMs: 3_000,
    retry: { retries: 0 },
  });
  await provider.atRest();
  expect(provider.bill.modelCalls).toBe(4);
  expect(usage.modelCalls).toBe(3);
  expect(usage.outputTokens).toBe(300);
});

const image = { type: 'image', image: 'data:image/png;base64,iVBORw0KGgo=' };
const webSearch = { type: 'provider-defined', id: 'openai.web_search', name: 'web_search', args: {} };

it.each<[string, object, unknown]>([
  ['is sent an image', {}, [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }]],
  ['has tools of its provider', { tools: { webSearch } }, 'question'],
  ['may write without end', { defaultOptions: {} }, 'question'],
])('a model is not called if it %s, since the maximum of the call is unknown', async (_, more, input) => {
  provider = await startProvider();
  const agent = new Agent({
    id: 'a',
    name: 'A',
    instructions: 'Be a.',
    model: provider.model,
    defaultOptions: settings,
    ...more,
  });
  const running = compile(agent, { ...search(provider), trainset: [{ input }], maxCostUsd: 1 });
  await expect(running).rejects.toThrow(/the maximum of a call of local\/simulated is unknown.*reserve/);
  expect(provider.requests).toEqual([]);
});

it('a refused call leaves no open span in the traces of the user', async () => {
  class Open extends BaseExporter {
    readonly name = 'open';
    readonly spans = new Map<string, string>();
    protected override async _exportTracingEvent({ type, exportedSpan }: TracingEvent): Promise<void> {
      if (type === 'span_started') this.spans.set(exportedSpan.id, exportedSpan.name);
      if (type === 'span_ended') this.spans.delete(exportedSpan.id);
    }
  }
  provider = await startProvider();
  const open = new Open();
  const agent = programOf('sub-agents', provider) as Agent;
  new Mastra({
    agents: { agent },
    logger: false,
    observability: new Observability({ configs: { own: { serviceName: 'test', exporters: [open] } } }),
  });
  const options = { ...search(provider), trainset: examplesFor(agent, 'a'), maxTokens: 9_000 };
  expect(await compile(agent, options)).toMatchObject({ stopReason: 'maxTokens' });
  // Older versions of Mastra never end those of chunks.
  const left = () => [...open.spans.values()].filter((name) => !name.startsWith('chunk'));
  await expect.poll(left).toEqual([]);
});
