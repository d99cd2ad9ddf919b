import { createRequire } from 'node:module';
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { CallbackManager } from '@langchain/core/callbacks/manager';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables';
import type { Run } from '@langchain/core/tracers/base';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import type { ProgramExample as Example } from 'gepa-core';
import { RolloutError, type RunContext } from 'gepa-core';
import { seedCandidateOf, stepsOf, walkSteps } from 'gepa-core/adapter';
import { describe, expect, it } from 'vitest';
import { createAdapter } from './adapter.ts';
import { useOpenAIServer } from './testing/openai-server.ts';
import { rolloutContext } from './testing/rollout.ts';
import { RolloutTracer } from './trace/tracer.ts';

// Returns the system prompt after a delay that depends on its length, so that rollouts overlap.
const server = useOpenAIServer(async ({ messages }) => {
  const system = String(messages[0]?.content);
  if (system.includes('overloaded')) return { status: 429, error: 'rate limit' };
  await new Promise((resolve) => setTimeout(resolve, system.length % 7));
  return system;
});

const context = (more: Partial<RunContext> = {}) =>
  rolloutContext({ runId: 'run-1', iteration: 3, candidateIndex: 2, ...more });
const chat = (system = 'Sort.') =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', 'Sort {text}'],
  ]);
const human = 'Sort {text}';
const example: Example<{ text: string }> = { input: { text: 't' } };
const echoChain = () => RunnableSequence.from([chat(), server.model(), new StringOutputParser()]);

/** Records the runs that are reported to it. */
class Listener extends BaseCallbackHandler {
  readonly name: string;
  readonly runs: string[] = [];
  readonly metadata: unknown[] = [];
  constructor(name: string) {
    super({ _awaitHandler: true });
    this.name = name;
  }
  override handleChainStart(...args: Parameters<NonNullable<BaseCallbackHandler['handleChainStart']>>): void {
    this.runs.push('chain');
    this.metadata.push(args[5]);
  }
  override handleChatModelStart(): void {
    this.runs.push('model');
  }
}

describe('a rollout', () => {
  it('run runs the candidate and returns output, trace and usage', async () => {
    const adapter = createAdapter({ program: echoChain() });
    expect(seedCandidateOf(adapter.components)).toEqual({ system: 'Sort.', human });
    const candidate = { system: 'Answer as {"label": "x", "more": {"a": {}}}.', human };
    const { output, trace, usage } = await adapter.run(candidate, example, context());
    expect(output).toBe(candidate.system);
    expect(usage).toMatchObject({ modelCalls: 1, byModel: { simulated: { modelCalls: 1 } } });
    expect(stepsOf(trace!, 'system').map((step) => step.kind)).toEqual(['prompt', 'model']);
    expect(trace![0]).toMatchObject({ kind: 'chain', input: { text: 't' }, output: candidate.system });
  });

  it('50 concurrent rollouts each use their own candidate', async () => {
    const program = RunnableSequence.from([
      RunnablePassthrough.assign({ first: chat().pipe(server.model()).pipe(new StringOutputParser()) }),
      RunnablePassthrough.assign({ second: chat().pipe(server.model()).pipe(new StringOutputParser()) }),
    ]);
    const before = JSON.stringify(program);
    const adapter = createAdapter({ program });
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    const outcomes = await Promise.all(
      numbers.map((i) => {
        const texts = {
          'first.system': `First ${'x'.repeat(i)}`,
          'second.system': `Second ${'y'.repeat(i)}`,
        };
        return adapter.run(
          { ...seedCandidateOf(adapter.components), ...texts },
          { input: { text: `t${i}` } },
          context(),
        );
      }),
    );
    for (const [i, { output, trace, usage }] of outcomes.entries()) {
      expect(output).toEqual({
        text: `t${i}`,
        first: `First ${'x'.repeat(i)}`,
        second: `Second ${'y'.repeat(i)}`,
      });
      const seen = [...walkSteps(trace!)].filter((step) => step.kind === 'model');
      expect(seen.map((step) => [step.output, step.components])).toEqual([
        [`First ${'x'.repeat(i)}`, ['first.system', 'first.human']],
        [`Second ${'y'.repeat(i)}`, ['second.system', 'second.human']],
      ]);
      expect(usage!.modelCalls).toBe(2);
    }
    expect(JSON.stringify(program)).toBe(before);
  });

  it('the adapter runs and traces a program of another copy of LangChain', async () => {
    const require = createRequire(import.meta.url);
    const prompts = require('@langchain/core/prompts') as typeof import('@langchain/core/prompts');
    const { StringOutputParser: Parser } =
      require('@langchain/core/output_parsers') as typeof import('@langchain/core/output_parsers');
    const program = prompts.ChatPromptTemplate.fromMessages([
      ['system', 'Sort.'],
      ['human', human],
    ])
      .pipe(server.model() as never)
      .pipe(new Parser() as never);
    const adapter = createAdapter({ program });
    const { output, trace } = await adapter.run({ system: 'New {x}.', human }, example, context());
    expect(output).toBe('New {x}.');
    expect(stepsOf(trace!, 'system').map((step) => step.kind)).toEqual(['prompt', 'model']);
  });

  it('the trace includes model calls inside functions of the program', async () => {
    const inner = chat('Inner.').pipe(server.model());
    const program = RunnableSequence.from([chat(), server.model(), () => inner.invoke({ text: 'u' })]);
    const { trace } = await createAdapter({ program }).run({ system: 'Outer.', human }, example, context());
    expect([...walkSteps(trace!)].filter((step) => step.kind === 'model').map((step) => step.output)).toEqual(
      ['Outer.', 'Inner.'],
    );
  });
});

describe("the caller's callbacks", () => {
  it('callbacks in the chain, in config and in the model constructor fire', async () => {
    const [inChain, inConfig, inModel] = [new Listener('a'), new Listener('b'), new Listener('c')];
    const program = chat()
      .pipe(server.model({ callbacks: [inModel] }))
      .withConfig({ callbacks: [inChain] });
    for (const callbacks of [[inConfig], CallbackManager.configure([inConfig])!]) {
      await createAdapter({ program, config: { callbacks } }).run(
        { system: 'S.', human },
        example,
        context(),
      );
      expect(inConfig.runs.splice(0)).toEqual(['chain', 'chain', 'model']);
    }
    expect(inChain.runs).toEqual(['chain', 'chain', 'model', 'chain', 'chain', 'model']);
    expect(inModel.runs).toEqual(['model', 'model']);
  });

  it('callbacks of an outer run fire for the rollout inside it', async () => {
    const outerTracer = new RolloutTracer();
    const adapter = createAdapter({ program: echoChain() });
    const outer = RunnableLambda.from(() => adapter.run({ system: 'S.', human }, example, context()));
    const { trace } = await outer.invoke('x', { callbacks: [outerTracer] });
    const names = (run: Run): unknown[] => [run.name, ...run.child_runs.map(names)];
    expect(outerTracer.roots.map(names)).toEqual([
      ['RunnableLambda', ['RunnableSequence', ['ChatPromptTemplate'], ['ChatOpenAI'], ['StrOutputParser']]],
    ]);
    expect(trace).toHaveLength(1);
  });

  it('callbacks receive gepa metadata in addition to their own', async () => {
    const listener = new Listener('a');
    const config = {
      callbacks: [listener],
      metadata: { mine: 1 },
      runId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
    };
    const adapter = createAdapter({ program: chat().pipe(server.model()), config });
    await adapter.run({ system: 'S.', human }, example, context());
    await adapter.run(
      { system: 'S.', human },
      example,
      context({ candidateIndex: undefined, phase: 'proposal' }),
    );
    expect(listener.metadata[0]).toMatchObject({
      mine: 1,
      gepa_run: 'run-1',
      gepa_iteration: 3,
      gepa_phase: 'minibatch',
      gepa_candidate: 2,
      gepa_example: 'train:0',
    });
    expect(listener.metadata[2]).toMatchObject({ gepa_phase: 'proposal' });
    expect(listener.metadata[2]).not.toHaveProperty('gepa_candidate');
  });

  it('config can be a function that returns a config per rollout', async () => {
    const program = chat().pipe(
      (_: unknown, config: { configurable?: Record<string, unknown> }) => config.configurable,
    );
    const adapter = createAdapter({
      program,
      config: ({ id }, { exampleId }) => ({ configurable: { thread_id: `${exampleId}:${String(id)}` } }),
    });
    const { output } = await adapter.run({ system: 'S.', human }, { ...example, id: 'x' }, context());
    expect(output).toMatchObject({ thread_id: 'train:0:x' });
  });
});

describe('a failed rollout', () => {
  const failure = async (run: Promise<unknown>): Promise<RolloutError> => {
    const error = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(RolloutError.isInstance(error)).toBe(true);
    return error as RolloutError;
  };

  it('a failed rollout throws RolloutError with trace, usage and the original error as its cause', async () => {
    const cause = new Error('no label');
    const program = RunnableSequence.from([
      chat(),
      server.model(),
      () => {
        throw cause;
      },
    ]);
    const error = await failure(createAdapter({ program }).run({ system: 'S.', human }, example, context()));
    expect(error).toMatchObject({ message: 'no label', usage: { modelCalls: 1 } });
    expect(error.cause).toBe(cause);
    expect(error.trace![0]).toMatchObject({ error: 'no label' });
    expect(stepsOf(error.trace!, 'system')).toHaveLength(2);
  });

  it('the cause of a failed rollout has the HTTP status of the provider', async () => {
    const adapter = createAdapter({ program: echoChain() });
    const error = await failure(adapter.run({ system: 'overloaded', human }, example, context()));
    expect(error.cause).toMatchObject({ status: 429 });
  });

  it('a candidate whose text cannot be written as a template fails its rollout', async () => {
    const program = ChatPromptTemplate.fromMessages([['system', 'All: {{#a}}b{{/a}}']], {
      templateFormat: 'mustache',
    });
    const error = await failure(createAdapter({ program }).run({ system: '{/a} all' }, example, context()));
    expect(error.message).toContain('mustache');
    expect(error).toMatchObject({ trace: [], usage: { modelCalls: 0 } });
  });

  it('an aborted rollout ends at once, even while LangChain still waits', async () => {
    const controller = new AbortController();
    const reason = new Error('time is over');
    const program = chat().pipe(() => {
      controller.abort(reason);
      return new Promise(() => {});
    });
    const adapter = createAdapter({ program });
    const run = () => adapter.run({ system: 'S.', human }, example, context({ signal: controller.signal }));
    const error = await failure(run());
    expect(error.cause).toBe(reason);
    expect(error.trace).toMatchObject([{ name: 'RunnableSequence', children: [{ kind: 'prompt' }, {}] }]);
    expect((await failure(run())).cause).toBe(reason);
  });
});

it('the adapter rewrites only the given components', async () => {
  const program = chat().pipe(new FakeListChatModel({ responses: ['x'] }));
  const adapter = createAdapter({ program, components: { system: { text: 'Sort.' } } });
  const { trace } = await adapter.run({ system: 'S.', tunable: 'ignored' }, example, context());
  expect([...walkSteps(trace!)].map((step) => step.components)).toEqual([undefined, ['system'], ['system']]);
});

it('createAdapter throws on components that the program does not have', () => {
  const create = () => createAdapter({ program: chat(), components: { sistem: { text: 'Sort.' } } });
  expect(create).toThrow('no component "sistem"');
});
