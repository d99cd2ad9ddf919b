import { Agent } from '@mastra/core/agent';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';

const agent = new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: 'openai/gpt-5' });
const workflow = createWorkflow({
  id: 'flow',
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
})
  .then(createStep(agent))
  .commit();
const schema = z.object({ queue: z.string() });
const search = { trainset: [{ input: 'x', expected: 'billing' }], maxIterations: 1 };

it('the metric has the types of the examples and of the agent output', () => {
  gepa(agent).compile({
    ...search,
    metric: ({ example, output }) => {
      expectTypeOf(example.expected).toEqualTypeOf<string>();
      expectTypeOf(output.text).toEqualTypeOf<string>();
      expectTypeOf(output.object).toEqualTypeOf<unknown>();
      return 1;
    },
  });
});

it('the metric has the type of the structured output in config', () => {
  gepa(agent, { config: { structuredOutput: { schema } } }).compile({
    ...search,
    metric: ({ output }) => {
      expectTypeOf(output.object).toEqualTypeOf<{ queue: string } | undefined>();
      return 1;
    },
  });
  gepa(agent, { config: () => ({ maxSteps: 2, structuredOutput: { schema } }) }).compile({
    ...search,
    metric: ({ output }) => {
      expectTypeOf(output.object).toEqualTypeOf<{ queue: string } | undefined>();
      return 1;
    },
  });
});

it('the metric has the output type of a workflow, and example inputs are checked against its input type', () => {
  const target = gepa(workflow);
  target.compile({
    trainset: [{ input: { prompt: 'x' } }],
    maxIterations: 1,
    metric: ({ output }) => {
      expectTypeOf(output).toEqualTypeOf<{ text: string }>();
      return 1;
    },
  });
  // @ts-expect-error The workflow takes a prompt.
  target.compile({ trainset: [{ input: { promt: 'x' } }], maxIterations: 1, metric: () => 1 });
});

it('component names are inferred from include, and apply returns the type of the program', () => {
  const target = gepa(agent, { include: ['support.instructions'] });
  expectTypeOf<keyof typeof target.components>().toEqualTypeOf<'support.instructions'>();
  expectTypeOf(target.apply).returns.toEqualTypeOf<typeof agent>();
  // @ts-expect-error There is no such option.
  gepa(agent, { tool: true });
});
