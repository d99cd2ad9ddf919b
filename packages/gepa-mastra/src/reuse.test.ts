import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { seedCandidateOf, walkSteps } from 'gepa-core/adapter';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer, systemOf } from './testing/openai-server.ts';

let server: OpenAIServer;
/** A model that replies with its instructions and what it is told about its tools. */
beforeAll(async () => {
  server = await startOpenAIServer((request) => {
    const tools = (request.tools ?? []).map(
      ({ function: { description, parameters } }) =>
        `${description} (${parameters?.properties?.name?.description})`,
    );
    return [systemOf(request), ...tools].join(' | ');
  });
});
afterAll(() => server.close());

const lookup = createTool({
  id: 'lookup',
  description: 'Looks up.',
  inputSchema: z.object({ name: z.string().describe('A name.') }),
  execute: async () => ({}),
});
const newAgent = () =>
  new Agent({
    id: 'desk',
    name: 'Desk',
    instructions: 'Be kind.',
    model: server.model,
    tools: { lookup },
  });

const names = [
  'desk.instructions',
  'desk.tools.lookup.description',
  'desk.tools.lookup.fields.name',
] as const;
const candidate = (...texts: string[]) =>
  Object.fromEntries(names.map((name, i) => [name, texts[i]!])) as Record<(typeof names)[number], string>;
const first = candidate('First.', 'Tool one.', 'Field one.');
const second = candidate('Second.', 'Tool two.', 'Field two.');

/** What a short run on a program records, and the outputs of its best candidate. */
async function optimized(agent: Agent) {
  const requests = server.requests.length;
  const traces: string[] = [];
  const { result, program } = await gepa(agent, { tools: true }).compile({
    trainset: [{ input: 'x' }],
    metric: ({ output, trace }) => {
      traces.push([...walkSteps(trace ?? [])].map(({ kind }) => kind).join(' '));
      return output.text.includes('Tool two.') && output.text.includes('Field two.') ? 1 : 0;
    },
    propose: async () => second,
    componentSelector: 'all',
    maxIterations: 1,
    maxTokens: 20_000,
    reserve: { outputTokens: 100 },
  });
  return { result, program, traces: new Set(traces), calls: server.requests.length - requests };
}

/** Older versions of Mastra cannot copy agents. */
const hasForks = '__fork' in Agent.prototype;

it.each<readonly [string, (agent: Agent) => Agent]>([
  ['an agent that gepa returned', (agent: Agent) => gepa(agent, { tools: true }).apply(first)],
  [
    'an agent that gepa returned twice',
    (agent: Agent) => {
      const once = gepa(agent, { tools: true }).apply(candidate('Zero.', 'Tool zero.', 'Field zero.'));
      return gepa(once, { tools: true }).apply(first);
    },
  ],
  ...(hasForks
    ? [
        [
          'a copy that Studio makes of such an agent',
          (agent: Agent) => gepa(agent, { tools: true }).apply(first).__fork() as Agent,
        ] as const,
      ]
    : []),
])('%s shows its present texts, and is recorded, counted and bounded like any other', async (_, derive) => {
  const agent = derive(newAgent());
  expect((await agent.generate('x')).text).toBe('First. | Tool one. (Field one.)');
  expect(seedCandidateOf(gepa(agent, { tools: true }).components)).toEqual(first);
  const { result, program, traces, calls } = await optimized(agent);
  expect(traces).toEqual(new Set(['agent model']));
  expect(result.usage.modelCalls).toBe(calls);
  expect(result.bestScore).toBe(1);
  expect((await program.generate('x')).text).toBe('Second. | Tool two. (Field two.)');
  expect((await agent.generate('x')).text).toBe('First. | Tool one. (Field one.)');
});

it('a live agent after writeBack can be optimized again, also its tools', async () => {
  const agent = newAgent();
  const { writeBack } = await gepa(agent, { tools: true }).compile({
    trainset: [{ input: 'x' }],
    metric: ({ output }) => (output.text.includes('Tool one.') ? 1 : 0),
    propose: async () => first,
    componentSelector: 'all',
    maxIterations: 1,
  });
  const undo = writeBack();
  expect(seedCandidateOf(gepa(agent, { tools: true }).components)).toEqual(first);
  const { result, program, calls } = await optimized(agent);
  expect(result.usage.modelCalls).toBe(calls);
  expect((await program.generate('x')).text).toBe('Second. | Tool two. (Field two.)');
  expect((await agent.generate('x')).text).toBe('First. | Tool one. (Field one.)');
  undo();
  expect((await agent.generate('x')).text).toBe('Be kind. | Looks up. (A name.)');
});

it('a workflow that gepa returned can be optimized again, and keeps the parts of its first target', async () => {
  const helper = newAgent();
  const schema = z.object({ text: z.string() });
  const call = createStep({
    id: 'call',
    inputSchema: schema,
    outputSchema: schema,
    execute: async ({ inputData }) => {
      const { text } = await helper.generate('x');
      return { text: `${inputData.text} + ${text}` };
    },
  });
  const workflow = createWorkflow({
    id: 'w',
    inputSchema: z.object({ prompt: z.string() }),
    outputSchema: schema,
  })
    .then(createStep(new Agent({ id: 'own', name: 'Own', instructions: 'Own.', model: server.model })))
    .then(call)
    .commit();
  const once = gepa(workflow, { parts: { helper } }).apply({
    'helper.instructions': 'Helped.',
    'own.instructions': 'Once.',
  });
  const target = gepa(once);
  expect(seedCandidateOf(target.components)).toEqual({ 'own.instructions': 'Once.' });
  const twice = target.apply({ 'own.instructions': 'Twice.' });
  const run = await twice.createRun();
  expect(await run.start({ inputData: { prompt: 'x' } })).toMatchObject({
    status: 'success',
    result: { text: 'Twice. + Helped. | Looks up. (A name.)' },
  });
});
