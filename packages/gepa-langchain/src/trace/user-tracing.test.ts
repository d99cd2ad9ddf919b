import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { type Attributes, ROOT_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { walkSteps } from 'gepa-core/adapter';
import { type LoopbackServer, sendJson, startServer } from 'gepa-test-server';
import { Client } from 'langsmith';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAdapter } from '../adapter.ts';
import { meterMetric } from '../metered/metered-metric.ts';
import { startOpenAIServer } from '../testing/openai-server.ts';
import { rolloutContext } from '../testing/rollout.ts';

/** The requests to a local LangSmith. */
let received: { path: string; body: string }[];
let langsmith: LoopbackServer;

beforeEach(async () => {
  received = [];
  langsmith = await startServer(({ path, body }, response) => {
    received.push({ path, body });
    sendJson(response, 200, {});
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await langsmith.close();
});

const context = rolloutContext({ runId: 'run-7', iteration: 3, candidateIndex: 2, exampleId: 'train:5' });
const program = (callbacks: BaseCallbackHandler[] = []) =>
  ChatPromptTemplate.fromMessages([['system', 'Sort these words.']])
    .pipe(new FakeListChatModel({ responses: ['sorted'] }))
    .withConfig({ runName: 'sorter', tags: ['mine'], callbacks });
const rollout = async (callbacks: BaseCallbackHandler[] = []) => {
  await createAdapter({ program: program(callbacks) }).run({ system: 'New.' }, { input: {} }, context);
};
const filters = {
  gepa_run: 'run-7',
  gepa_iteration: 3,
  gepa_phase: 'minibatch',
  gepa_candidate: 2,
  gepa_example: 'train:5',
};

it("a rollout reports to a LangSmith tracer in the program's callbacks", async () => {
  const client = new Client({ apiUrl: langsmith.url, apiKey: 'k', autoBatchTracing: false });
  await rollout([new LangChainTracer({ client, projectName: 'p' })]);
  await vi.waitFor(() => expect(received.filter(({ path }) => path.startsWith('/runs'))).toHaveLength(6));
  const runs = received
    .filter(({ path }) => path === '/runs')
    .map(({ body }) => JSON.parse(body) as { name: string; tags: string[]; extra: { metadata: object } });
  expect(runs.map(({ name }) => name).sort()).toEqual(['ChatPromptTemplate', 'FakeListChatModel', 'sorter']);
  const root = runs.find(({ name }) => name === 'sorter')!;
  expect(root.tags).toEqual(expect.arrayContaining(['mine', 'gepa']));
  for (const run of runs) expect(run.extra.metadata).toMatchObject(filters);
});

it('rollouts and metrics report to LangSmith when the environment turns tracing on', async () => {
  vi.stubEnv('LANGSMITH_TRACING', 'true');
  vi.stubEnv('LANGSMITH_ENDPOINT', langsmith.url);
  vi.stubEnv('LANGSMITH_API_KEY', 'k');
  await rollout();
  const judge = new FakeListChatModel({ responses: ['good'] });
  const metric = meterMetric(async () => (await judge.invoke('Judge this.')).text === 'good');
  expect(await metric({} as never)).toMatchObject({ score: true, usage: { modelCalls: 1 } });
  for (const expected of ['"gepa_run":"run-7"', 'Judge this.']) {
    await vi.waitFor(() => expect(received.map(({ body }) => body).join()).toContain(expected), 5000);
  }
});

it('a rollout reports to the callbacks of models, and traces calls with callbacks of their own', async () => {
  const server = await startOpenAIServer(() => 'ok');
  const reported: string[] = [];
  const reporting = (name: string) =>
    BaseCallbackHandler.fromMethods({ handleChatModelStart: () => void reported.push(name) });
  const chain = ChatPromptTemplate.fromMessages([['system', 'Sort these words.']])
    .pipe(
      server.model({ callbacks: [reporting('constructor')] }).withConfig({ callbacks: [reporting('bound')] }),
    )
    .pipe(async ({ text }) => server.model().invoke(text, { callbacks: [reporting('call')] }));
  const { trace, usage } = await createAdapter({ program: chain }).run(
    { system: 'New.' },
    { input: {} },
    context,
  );
  await vi.waitFor(() => expect(reported.sort()).toEqual(['bound', 'call', 'constructor']));
  expect(usage?.modelCalls).toBe(2);
  expect([...walkSteps(trace!)].filter(({ kind }) => kind === 'model')).toHaveLength(2);
  await server.close();
});

/** Creates OpenTelemetry spans from runs in the background, by run id and parent run id, as integrations do. */
class SpanHandler extends BaseCallbackHandler {
  readonly name = 'opentelemetry';
  readonly #tracer: Tracer;
  readonly #open = new Map<string, Span>();

  constructor(tracer: Tracer) {
    super();
    this.#tracer = tracer;
  }

  override handleChainStart(...args: readonly unknown[]): void {
    const [, , id, parent, , metadata, , runName] = args as [
      never,
      never,
      string,
      string | undefined,
      never,
      Attributes,
      never,
      string | undefined,
    ];
    this.#start(id, runName ?? 'chain', parent, metadata);
  }
  override handleChatModelStart(...args: readonly unknown[]): void {
    const [, , id, parent, , , metadata] = args as [
      never,
      never,
      string,
      string | undefined,
      never,
      never,
      Attributes,
    ];
    this.#start(id, 'chat', parent, metadata);
  }
  override handleChainEnd(_outputs: unknown, id: string): void {
    this.#open.get(id)?.end();
  }
  override handleLLMEnd(_output: unknown, id: string): void {
    this.#open.get(id)?.end();
  }
  #start(id: string, name: string, parent: string | undefined, attributes: Attributes): void {
    const parentSpan = parent === undefined ? undefined : this.#open.get(parent);
    const context = parentSpan === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parentSpan);
    this.#open.set(id, this.#tracer.startSpan(name, { attributes }, context));
  }
}

it('a rollout reports nested OpenTelemetry spans with gepa metadata as attributes', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  await rollout([new SpanHandler(provider.getTracer('test'))]);
  await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(3));
  const spans = exporter.getFinishedSpans();
  const nameOf = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  expect(
    spans.map(({ name, parentSpanContext }) => [name, nameOf.get(parentSpanContext?.spanId ?? '')]),
  ).toEqual([
    ['ChatPromptTemplate', 'sorter'],
    ['chat', 'sorter'],
    ['sorter', undefined],
  ]);
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  for (const { attributes } of spans) expect(attributes).toMatchObject(filters);
  await provider.shutdown();
});

it('the trace is the same whether models stream or not', async () => {
  const streaming = BaseCallbackHandler.fromMethods({ handleLLMNewToken: () => {} });
  Object.assign(streaming, { lc_prefer_streaming: true });
  const tracesOf = async (callbacks: BaseCallbackHandler[]) => {
    const { trace } = await createAdapter({ program: program(callbacks) }).run(
      { system: 'New.' },
      { input: {} },
      context,
    );
    return JSON.parse(JSON.stringify(trace, (key, value) => (key === 'durationMs' ? undefined : value)));
  };
  const [plain, streamed] = [await tracesOf([]), await tracesOf([streaming])];
  expect(streamed[0].children).toEqual(plain[0].children);
});
