import { createStep, createWorkflow } from '@mastra/core/workflows';
import { OptionsError } from 'gepa-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { search, supportAgent, useEchoServer } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';

const server = useEchoServer();

const noSchemas = 'In this version of Mastra, agents have no requestContextSchema.';

it('a requestContextSchema that the request context does not fit is refused before anything is spent', async ({
  skip,
}) => {
  const agent = supportAgent(server.model, { requestContextSchema: z.object({ tier: z.string() }) });
  skip(agent.requestContextSchema === undefined, noSchemas);
  const options = { ...search, propose: async () => ({}) };
  const calls = server.requests.length;
  await expect(gepa(agent).compile(options)).rejects.toThrow(
    '3 of the 3 examples of the trainset does not fit',
  );
  await expect(gepa(agent).estimate(options)).rejects.toThrow(OptionsError);
  expect(server.requests).toHaveLength(calls);
  const { result } = await gepa(agent, { requestContext: { tier: 'gold' } }).compile(options);
  expect(result.seedScore).toBe(0);
});

it('a requestContextSchema of a sub-agent is checked too', async ({ skip }) => {
  const requestContextSchema = z.object({ tier: z.string() });
  const clerk = supportAgent(server.model, { id: 'clerk', description: 'Refunds.', requestContextSchema });
  skip(clerk.requestContextSchema === undefined, noSchemas);
  const running = gepa(supportAgent(server.model, { agents: { clerk } })).compile(search);
  await expect(running).rejects.toThrow('`requestContextSchema` of clerk');
});

it('startOptions of an example start a workflow, and are refused for an agent', async () => {
  const step = createStep({
    id: 'step',
    inputSchema: schema,
    outputSchema: z.object({ prompt: z.string() }),
    stateSchema: z.object({ user: z.string() }),
    execute: async ({ inputData, state }) => ({ prompt: `${inputData.text} for ${state.user}` }),
  });
  const stateSchema = z.object({ user: z.string() });
  const workflow = createWorkflow({ id: 'w', inputSchema: schema, outputSchema: schema, stateSchema })
    .then(step)
    .then(createStep(supportAgent(server.model)))
    .commit();
  const outputs: string[] = [];
  const startOptions = { initialState: { user: 'Ada' } };
  const options = { propose: async () => ({}), maxIterations: 1 };
  await gepa(workflow).compile({
    ...options,
    trainset: [{ input: { text: 'a' }, startOptions }],
    metric: ({ output }) => {
      outputs.push(output.text);
      return 1;
    },
  });
  expect(outputs[0]).toBe('Be kind. / a for Ada');
  const trainset = [{ input: 'x', startOptions }];
  const running = gepa(supportAgent(server.model)).compile({ ...options, trainset, metric: () => 1 });
  await expect(running).rejects.toThrow('`startOptions`, which only runs of workflows have');
});

it('turns of runEvals are refused with what to write instead', async () => {
  const trainset = [{ input: 'x', inputs: ['x', 'y'] }];
  const running = gepa(supportAgent(server.model)).compile({ ...search, trainset, valset: trainset });
  await expect(running).rejects.toThrow('pass the earlier turns as messages');
});

it('resumeData for an agent is refused, also in the metadata, and examples of an evaluation are named so', async () => {
  const target = gepa(supportAgent(server.model));
  const calls = server.requests.length;
  const examples = [{ input: 'x', metadata: { resumeData: {} }, resumeSteps: {}, turns: [] }];
  const running = target.evaluate({ examples, metric: () => 1 });
  for (const message of [
    'Some of the examples have `turns`',
    'Some of the examples have `resumeSteps`, which only runs of workflows have',
    'Some of the examples have `metadata.resumeData`',
  ]) {
    await expect(running).rejects.toThrow(message);
  }
  expect(server.requests).toHaveLength(calls);
});

const schema = z.object({ text: z.string() });
