import { Agent } from '@mastra/core/agent';
import * as processors from '@mastra/core/processors';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { supportAgent } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const { ModerationProcessor, ProcessorStepSchema } = processors;

const server = useOpenAIServer((request) =>
  systemOf(request).includes('Be kind') ? 'done' : '{"reason": "", "flagged": false, "category_scores": []}',
);

class StrictModeration extends ModerationProcessor {
  readonly #isStrict = true;
  override async processInput(args: Parameters<processors.ModerationProcessor['processInput']>[0]) {
    if (!this.#isStrict) return args.messages;
    return super.processInput(args);
  }
}

class Translation {
  readonly id = 'translation';
  readonly #calls: string[] = [];
  readonly translator = new Agent({
    id: 'translator',
    name: 'Translator',
    instructions: 'Translate.',
    model: server.model,
  });
  async processInput({ messages }: { messages: never[] }) {
    this.#calls.push((await this.translator.generate('x')).text);
    return messages;
  }
}

// Older versions of Mastra do not list the processors that an agent was given.
it.runIf('listConfiguredInputProcessors' in Agent.prototype).each([
  ['a class that extends one of Mastra', () => [new StrictModeration({ model: server.model })]],
  ['a class of the user', () => [new Translation()]],
  [
    'a workflow with a class that extends one of Mastra',
    () => [
      createWorkflow({
        id: 'guard',
        inputSchema: ProcessorStepSchema,
        outputSchema: ProcessorStepSchema,
        type: 'processor',
      } as never)
        .then(createStep(new StrictModeration({ model: server.model })) as never)
        .commit(),
    ],
  ],
])('the model calls of agents in processors are counted: %s', async (_, processorsOf) => {
  const inputProcessors = processorsOf();
  const target = gepa(supportAgent(server.model, { inputProcessors: inputProcessors as never }));
  expect(Object.keys(target.components)).toEqual(['support.instructions']);
  const calls = server.requests.length;
  const traced: number[] = [];
  const { result } = await target.compile({
    trainset: [{ input: 'x' }],
    metric: ({ trace }) => {
      traced.push([...walkSteps(trace ?? [])].filter(({ kind }) => kind === 'model').length);
      return 1;
    },
    propose: async () => ({}),
    maxIterations: 1,
  });
  expect(traced).toEqual([2]);
  expect(result.usage.modelCalls).toBe(server.requests.length - calls);
  target.dispose();
});

const { ClassifierProcessor } = processors as Partial<typeof processors>;

it.runIf(ClassifierProcessor !== undefined)(
  'a classifier among the processors is skipped, with a warning',
  async () => {
    const classifier = { questions: {}, evaluate: async () => ({ answers: {} }) };
    const processor = new ClassifierProcessor!({
      classifier: classifier as never,
      id: 'topic',
      onResult: () => {},
    } as never);
    const target = gepa(supportAgent(server.model, { outputProcessors: [processor as never] }));
    const { result } = await target.compile({
      trainset: [{ input: 'x' }],
      metric: () => 1,
      propose: async () => ({}),
      maxIterations: 1,
    });
    const location = 'agent support, processor topic';
    expect(target.skipped).toContainEqual(expect.objectContaining({ location }));
    expect(result.warnings).toContainEqual(
      expect.stringContaining(`${location}: The questions of a classifier`),
    );
  },
);
