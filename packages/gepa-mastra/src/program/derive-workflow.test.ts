// @module-tag slow
import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow, type Step } from '@mastra/core/workflows';
import * as evented from '@mastra/core/workflows/evented';
import { seedCandidateOf } from 'gepa-core/adapter';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { startOpenAIServer, systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer((request) => {
  if (systemOf(request).includes('number')) return '{"n": 7}';
  return `${systemOf(request)}(${String(request.messages.at(-1)?.content)})`;
});

const schemas = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};
const agent = (id: string, instructions: string) =>
  new Agent({ id, name: id, instructions, model: server.model });
const toPrompt = async ({ inputData }: { inputData: { text: string } }) => ({ prompt: inputData.text });

it('agents in steps, parallel steps, branches, loops and nested workflows are found once each and run with new texts', async () => {
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((id) => agent(id, id.toUpperCase()));
  const nested = createWorkflow({ id: 'nested', ...schemas })
    .then(createStep(e!))
    .commit();
  const workflow = createWorkflow({ id: 'all', ...schemas })
    .then(createStep(a!))
    .map(toPrompt)
    .parallel([
      createStep(b!),
      nested as unknown as Step<'nested', unknown, { prompt: string }, { text: string }>,
    ])
    .map(async ({ inputData }) => ({ prompt: `${inputData.b?.text}${inputData.nested?.text}` }))
    .branch([[async () => true, createStep(c!)]])
    .map(async ({ inputData }) => [{ prompt: inputData.c?.text ?? '' }])
    .foreach(createStep(d!))
    .map(async ({ inputData }) => ({ prompt: inputData[0]?.text ?? '' }))
    .then(createStep(a!))
    .commit();
  const target = gepa(workflow);
  expect(seedCandidateOf(target.components)).toEqual({
    'a.instructions': 'A',
    'b.instructions': 'B',
    'e.instructions': 'E',
    'c.instructions': 'C',
    'd.instructions': 'D',
  });
  const program = target.apply({
    'a.instructions': '1',
    'b.instructions': '2',
    'e.instructions': '5',
    'c.instructions': '3',
    'd.instructions': '4',
  });
  const runOf = async (flow: typeof workflow) => {
    const run = await flow.createRun();
    const result = await run.start({ inputData: { prompt: 'x' } });
    return result.status === 'success' ? result.result : result;
  };
  expect(await runOf(program)).toEqual({ text: '1(4(3(2(1(x))5(1(x)))))' });
  expect(await runOf(workflow)).toEqual({ text: 'A(D(C(B(A(x))E(A(x)))))' });
});

it('a copy has the graph that Studio shows, also in stored runs and for nested workflows', async () => {
  const inner = createWorkflow({ id: 'inner', ...schemas })
    .then(createStep(agent('a', 'A')))
    .commit();
  const workflow = createWorkflow({ id: 'outer', ...schemas })
    .then(inner)
    .map(async ({ inputData }) => ({ prompt: inputData.text }))
    .branch([[async () => true, createStep(agent('b', 'B'))]])
    .map(async ({ inputData }) => ({ text: inputData.b?.text ?? '' }))
    .commit();
  new Mastra({ workflows: { workflow }, storage: new InMemoryStore(), logger: false });
  const seen = async (flow: typeof workflow) => {
    const run = await flow.createRun();
    await run.start({ inputData: { prompt: 'x' } });
    const stored = await flow.getWorkflowRunById(run.runId);
    const steps = Object.keys(stored?.steps ?? {}).sort();
    return { graph: flow.serializedStepGraph, stored: stored?.serializedStepGraph, steps };
  };
  const original = await seen(workflow);
  expect(original.graph).toHaveLength(4);
  const target = gepa(workflow);
  const texts = { 'a.instructions': 'NEW', 'b.instructions': 'NEW' };
  const once = target.apply(texts);
  expect(await seen(once)).toEqual(original);
  expect(await seen(gepa(once).apply(texts))).toEqual(original);
});

it('compile optimizes two agents of a workflow without changing them until writeBack', async () => {
  const [first, second] = [agent('first', 'poor'), agent('second', 'poor')];
  const workflow = createWorkflow({ id: 'flow', ...schemas })
    .then(createStep(first))
    .map(toPrompt)
    .then(createStep(second))
    .commit();
  let steps = 0;
  const compiled = await gepa(workflow).compile({
    trainset: [{ input: { prompt: 'x' } }],
    metric: ({ output, trace = [] }) => {
      steps = Math.max(steps, trace[0]?.children?.length ?? 0);
      return (output.text.match(/good/g)?.length ?? 0) / 2;
    },
    componentSelector: 'all',
    propose: async () => ({ 'first.instructions': 'good', 'second.instructions': 'good' }),
    maxIterations: 2,
  });
  expect(compiled.result).toMatchObject({ seedScore: 0, bestScore: 1 });
  expect(steps).toBeGreaterThanOrEqual(2);
  expect((await first.generate('x')).text).toBe('poor(x)');
  const undo = compiled.writeBack();
  expect((await first.generate('x')).text).toBe('good(x)');
  undo();
  expect((await second.generate('x')).text).toBe('poor(x)');
});

it('a workflow rollout keeps step options, tool steps and registered agents, stores no snapshot and calls no scorers', async () => {
  const counting = agent('counting', 'Give a number.');
  const named = agent('named', 'Name it.');
  let scored = 0;
  const scorer = createScorer({ id: 'live', description: 'live' }).generateScore(() => {
    scored++;
    return 1;
  });
  const double = createTool({
    id: 'double',
    description: 'Doubles.',
    inputSchema: z.object({ n: z.number() }),
    outputSchema: z.object({ n: z.number() }),
    execute: async ({ n }) => ({ n: 2 * n }),
  });
  const done = createStep({
    id: 'done',
    inputSchema: z.object({ n: z.number() }),
    outputSchema: z.object({ text: z.string() }),
    scorers: { live: { scorer } },
    execute: async ({ inputData, requestContext, mastra }) => ({
      text: `${inputData.n} ${requestContext.get('tier')} ${mastra?.getAgent('named').id}`,
    }),
  });
  const workflow = createWorkflow({ id: 'flow', ...schemas })
    .then(createStep(counting, { structuredOutput: { schema: z.object({ n: z.number() }) } }))
    .then(createStep(double))
    .then(done)
    .commit();
  const mastra = new Mastra({
    workflows: { workflow },
    agents: { counting, named },
    storage: new InMemoryStore(),
    logger: false,
  });
  const outputs: unknown[] = [];
  await gepa(workflow).compile({
    trainset: [{ input: { prompt: 'x' }, requestContext: { tier: 'gold' } }],
    metric: ({ output }) => {
      outputs.push(output);
      return 0;
    },
    propose: async () => ({}),
    maxIterations: 1,
  });
  expect(outputs).toEqual([{ text: '14 gold named' }]);
  const store = await mastra.getStorage()?.getStore('workflows');
  expect((await store?.listWorkflowRuns({ workflowName: 'flow' }))?.runs ?? []).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(scored).toBe(0);
});

it('agents in workflow tools are added to target.skipped, except those found elsewhere', async () => {
  const [inner, known] = [agent('inner', 'INNER'), agent('known', 'KNOWN')];
  const flow = createWorkflow({ id: 'flow', ...schemas })
    .then(createStep(inner!))
    .map(toPrompt)
    .then(createStep(known!))
    .commit();
  const desk = new Agent({
    id: 'desk',
    name: 'desk',
    instructions: 'DESK',
    model: server.model,
    agents: { known: known! },
    workflows: { flow },
  });
  const target = gepa(desk);
  await expect
    .poll(() => target.skipped)
    .toEqual([expect.objectContaining({ location: 'agent desk, workflow "flow", agent inner' })]);
});

it('a workflow tool is a step of the trace with its agents as children', async () => {
  const delegating = await startOpenAIServer(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? 'done'
      : { calls: [{ name: 'workflow-flow', args: { inputData: { prompt: 'sub-question' } } }] },
  );
  const flow = createWorkflow({ id: 'flow', description: 'Asks.', ...schemas })
    .then(createStep(agent('inner', 'INNER')))
    .commit();
  const { model } = delegating;
  const desk = new Agent({ id: 'desk', name: 'desk', instructions: 'DESK', model, workflows: { flow } });
  const around = createWorkflow({ id: 'around', ...schemas })
    .then(createStep(desk))
    .commit();
  const traces: unknown[] = [];
  const search = {
    metric: ({ trace }: { trace?: unknown }) => {
      traces.push(trace);
      return 0;
    },
    propose: async () => ({}),
    maxIterations: 1,
  };
  await gepa(desk).compile({ ...search, trainset: [{ input: 'x' }] });
  await gepa(around).compile({ ...search, trainset: [{ input: { prompt: 'x' } }] });
  await delegating.close();
  const ofDesk = {
    kind: 'agent',
    name: 'desk',
    children: [
      { kind: 'model' },
      {
        kind: 'chain',
        name: 'flow',
        input: { prompt: 'sub-question' },
        output: { text: 'INNER(sub-question)' },
        children: [{ kind: 'agent', name: 'inner' }],
      },
      { kind: 'model' },
    ],
  };
  expect(traces[0]).toMatchObject([ofDesk]);
  expect(traces[1]).toMatchObject([{ kind: 'chain', name: 'around', children: [ofDesk] }]);
});

describe('workflow tools passed as the option workflows', () => {
  const setUp = async () => {
    // Calls the workflow tool, then answers with its result.
    const delegating = await startOpenAIServer((request) => {
      const results = request.messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
      if (results.length > 0) return `${systemOf(request)} ${String(results[0])}`;
      return { calls: [{ name: 'workflow-flow', args: { inputData: { prompt: 'sub-question' } } }] };
    });
    const inner = agent('inner', 'INNER');
    const nested = createWorkflow({ id: 'nested', ...schemas })
      .then(createStep(inner))
      .commit();
    const flow = createWorkflow({ id: 'flow', description: 'Asks.', ...schemas })
      .then(nested as unknown as Step<'nested', unknown, { prompt: string }, { text: string }>)
      .commit();
    const desk = new Agent({
      id: 'desk',
      name: 'desk',
      instructions: 'DESK',
      model: delegating.model,
      workflows: { flow },
    });
    return { delegating, desk, inner, workflows: await desk.listWorkflows() };
  };

  it('agents in workflow tools are optimized without changing them until writeBack', async () => {
    const { delegating, desk, inner, workflows } = await setUp();
    const target = gepa(desk, { workflows });
    const compiled = await target.compile({
      trainset: [{ input: 'x' }],
      metric: ({ output }) => (output.text.includes('GOOD') ? 1 : 0),
      propose: async () => ({ 'inner.instructions': 'GOOD' }),
      componentSelector: 'all',
      maxIterations: 1,
    });
    expect(seedCandidateOf(target.components)).toEqual({
      'desk.instructions': 'DESK',
      'inner.instructions': 'INNER',
    });
    expect(target.skipped).toEqual([]);
    expect(compiled.result).toMatchObject({ seedScore: 0, bestScore: 1 });
    expect((await desk.generate('x')).text).toContain('INNER(sub-question)');
    expect((await compiled.program.generate('x')).text).toContain('GOOD(sub-question)');
    const undo = compiled.writeBack();
    expect((await desk.generate('x')).text).toContain('GOOD(sub-question)');
    undo();
    expect((await inner.generate('x')).text).toBe('INNER(x)');
    await delegating.close();
  });

  it('descriptions of workflow tools are components when tools is true', async () => {
    const { delegating, desk, workflows } = await setUp();
    const target = gepa(desk, { workflows, tools: true });
    expect(target.components['desk.workflows.flow.description']?.text).toBe('Asks.');
    const texts = { ...seedCandidateOf(target.components), 'desk.workflows.flow.description': 'Asks well.' };
    await target.apply(texts as never).generate('x');
    const [offered] = delegating.requests.at(-1)?.tools ?? [];
    expect(offered?.function.description).toBe('Asks well.');
    await delegating.close();
  });

  it('the option workflows refuses an agent', async () => {
    const { delegating, desk, inner } = await setUp();
    expect(() => gepa(desk, { workflows: { flow: inner as never } })).toThrow('"flow" is Agent');
    await delegating.close();
  });
});

it('an evented workflow is listed in target.skipped, because copies are plain workflows', () => {
  const workflow = evented
    .createWorkflow({ id: 'flow', ...schemas })
    .then(createStep(agent('a', 'A')) as never)
    .commit();
  expect(gepa(workflow as unknown as ReturnType<typeof createWorkflow>).skipped).toMatchObject([
    { reason: expect.stringContaining('class EventedWorkflow') },
  ]);
});
