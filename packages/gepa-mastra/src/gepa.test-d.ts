import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { RequestContext } from '@mastra/core/request-context';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { fromScorers } from './scorers/from-scorers.ts';

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

it('a request context is no part of config', () => {
  // @ts-expect-error It is an option of its own.
  gepa(agent, { config: { requestContext: new RequestContext() } });
});

it("the metric has the type of the structured output in the agent's default options", () => {
  const structured = new Agent({
    id: 'structured',
    name: 'Structured',
    instructions: 'Be kind.',
    model: 'openai/gpt-5',
    defaultOptions: { structuredOutput: { schema } },
  });
  gepa(structured).compile({
    ...search,
    metric: ({ output }) => {
      expectTypeOf(output.object).toEqualTypeOf<{ queue: string } | undefined>();
      return 1;
    },
  });
});

it('fromScorers takes scorers in the forms that runEvals takes', () => {
  const scorer = createScorer({ id: 's', description: 's' }).generateScore(() => 1);
  const ofAgent = createScorer({ id: 'a', description: 'a', type: 'agent' }).generateScore(() => 1);
  const ofPath = createScorer({ id: 't', description: 't', type: 'trajectory' }).generateScore(() => 1);
  gepa(agent).compile({ ...search, metric: fromScorers([scorer, ofAgent, { scorer, threshold: 0.7 }]) });
  gepa(agent).compile({ ...search, metric: fromScorers({ agent: [ofAgent], trajectory: [ofPath] }) });
  fromScorers({ workflow: [scorer], steps: { plan: [scorer] } });
  fromScorers({ quality: scorer, path: { scorer: ofPath, weight: 2 } });
  // @ts-expect-error No scorer.
  fromScorers([1]);
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
