import { Agent } from '@mastra/core/agent';
import { ModerationProcessor, ProcessorStepSchema } from '@mastra/core/processors';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { supportAgent } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer((request) =>
  systemOf(request).includes('Be kind') ? 'done' : '{"reason": "", "flagged": false, "category_scores": []}',
);

class StrictModeration extends ModerationProcessor {
  readonly #isStrict = true;
  override async processInput(args: Parameters<ModerationProcessor['processInput']>[0]) {
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

class Selection {
  readonly id = 'selection';
  readonly #model = { ...server.model, id: 'local/selected' };
  processInputStep() {
    return { model: this.#model };
  }
}

it.runIf('listConfiguredInputProcessors' in Agent.prototype)(
  'a model that a processor selects is counted and gets the new texts',
  async () => {
    const lookup = createTool({
      id: 'lookup',
      description: 'Looks up.',
      inputSchema: z.object({ name: z.string().describe('A name.') }),
      execute: async () => ({}),
    });
    const processors = { tools: { lookup }, inputProcessors: [new Selection() as never] };
    const target = gepa(supportAgent(server.model, processors), { tools: true });
    const texts = {
      'support.instructions': 'Be kind.',
      'support.tools.lookup.description': 'Looks up.',
      'support.tools.lookup.fields.name': 'The full name.',
    };
    const calls = server.requests.length;
    const report = await target.evaluate({
      examples: [{ input: 'x' }],
      candidates: { texts },
      metric: () => 1,
    });
    expect(report.usage.modelCalls).toBe(1);
    const request = server.requests[calls];
    expect(request?.model).toBe('selected');
    expect(JSON.stringify(request?.tools)).toContain('The full name.');
  },
);
