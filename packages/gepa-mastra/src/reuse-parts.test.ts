import { Mastra } from '@mastra/core/mastra';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { seedCandidateOf } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { supportAgent } from './fixtures/echo-agent.ts';
import { gepa } from './gepa.ts';
import { tunable } from './index.ts';
import { load } from './load.ts';
import { systemOf, useOpenAIServer } from './testing/openai-server.ts';

/** An agent that has a tool calls it once; every answer has the instructions and what the tools returned. */
const server = useOpenAIServer((request) => {
  const results = request.messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
  const { name } = request.tools?.[0]?.function ?? {};
  return name !== undefined && results.length === 0
    ? { calls: [{ name, args: {} }] }
    : [systemOf(request), ...results].join(' ');
});

const schema = z.object({ text: z.string() });

/** A workflow whose step gets an agent from its Mastra instance. */
function newProject() {
  const helper = supportAgent(server.model, { id: 'helper', instructions: 'V0' });
  const step = createStep({
    id: 'call',
    inputSchema: schema,
    outputSchema: schema,
    execute: async ({ inputData, mastra }) => ({
      text: (await mastra.getAgent('helper').generate(inputData.text)).text,
    }),
  });
  const workflow = createWorkflow({ id: 'workflow', inputSchema: schema, outputSchema: schema })
    .then(step)
    .commit();
  return { helper, workflow };
}

/** Each text is the one before with a higher number, which is the score. */
const search = {
  metric: ({ output }: { output: { text: string } }) => Number(/V(\d)/.exec(output.text)?.[1]) / 10,
  propose: async ({ candidate, components }: { candidate: object; components: readonly string[] }) =>
    Object.fromEntries(
      components.map((name) => {
        const text = (candidate as Record<string, string>)[name]!;
        return [name, text.replace(/\d/, (digit) => `${Number(digit) + 1}`)];
      }),
    ),
  componentSelector: 'all' as const,
  maxIterations: 1,
};
const ofWorkflow = { ...search, trainset: [{ input: { text: 'x' } }] };

type Workflow = ReturnType<typeof newProject>['workflow'];
const outputOf = async (workflow: Workflow) =>
  await (await workflow.createRun()).start({ inputData: { text: 'x' } });
const answered = (text: string) => ({ status: 'success', result: { text } });

it('a loaded workflow is optimized from the present texts of its parts, and the result fits the code', async () => {
  const { helper, workflow } = newProject();
  const mastra = new Mastra({ agents: { helper }, workflows: { workflow }, logger: false });
  const first = await gepa(workflow, { parts: mastra }).compile(ofWorkflow);
  const production = load(workflow, first.toJSON(), { parts: mastra });
  const target = gepa(production, { parts: mastra });
  expect(seedCandidateOf(target.components)).toEqual({ 'helper.instructions': 'V1' });
  const second = await target.compile(ofWorkflow);
  expect([second.result.seedScore, second.result.bestScore]).toEqual([0.1, 0.2]);
  expect(await outputOf(second.program)).toMatchObject(answered('V2'));
  expect(await outputOf(load(workflow, second.toJSON(), { parts: mastra }))).toMatchObject(answered('V2'));
  const third = await gepa(second.program, { parts: { helper } }).compile(ofWorkflow);
  expect(third.result.seedScore).toBe(0.2);
  expect(await outputOf(third.program)).toMatchObject(answered('V3'));
  expect(await outputOf(production)).toMatchObject(answered('V1'));
  expect(await outputOf(workflow)).toMatchObject(answered('V0'));
});

it('a loaded workflow that is registered in place of the original one is optimized from its present texts', async () => {
  const original = newProject();
  new Mastra({
    agents: { helper: original.helper },
    workflows: { workflow: original.workflow },
    logger: false,
  });
  const { toJSON } = await gepa(original.workflow, { parts: { helper: original.helper } }).compile(
    ofWorkflow,
  );
  const { helper, workflow } = newProject();
  const loaded = load(workflow, toJSON(), { parts: { helper } });
  const mastra = new Mastra({ agents: { helper }, workflows: { workflow: loaded }, logger: false });
  const target = gepa(mastra.getWorkflow('workflow') as Workflow, { parts: mastra });
  expect(seedCandidateOf(target.components)).toEqual({ 'helper.instructions': 'V1' });
});

it('an agent whose tool calls a part is optimized again with all its calls counted, and the result fits the code', async () => {
  const { helper } = newProject();
  const note = tunable('note', 'V0');
  const ask = createTool({
    id: 'ask',
    description: 'Asks.',
    inputSchema: z.object({}),
    execute: async () => `${note.text} ${(await helper.generate('x')).text}`,
  });
  const desk = supportAgent(server.model, { id: 'desk', instructions: 'V0', tools: { ask } });
  const mastra = new Mastra({ agents: { desk, helper }, logger: false });
  const options = { parts: mastra, tunables: [note] };
  const names = ['helper.instructions', 'desk.instructions', 'note'];
  const texts = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
  const answerOf = async (agent: Pick<typeof desk, 'generate'>) =>
    (await agent.generate('x')).text.replace(/[^V\d ]/g, '');
  const ofAgent = { ...search, trainset: [{ input: 'x' }] };

  const first = await gepa(desk, options).compile(ofAgent);
  const target = gepa(first.program, options);
  expect(seedCandidateOf(target.components)).toEqual(texts('V1'));
  const calls = server.requests.length;
  const second = await target.compile(ofAgent);
  expect(second.result.usage.modelCalls).toBe(server.requests.length - calls);
  expect(second.result.bestCandidate).toEqual(texts('V2'));
  expect(await answerOf(second.program)).toBe('V2 V2 V2');
  expect(await answerOf(load(desk, second.toJSON(), options))).toBe('V2 V2 V2');
  expect(await answerOf(first.program)).toBe('V1 V1 V1');
  expect(await answerOf(desk)).toBe('V0 V0 V0');
});
