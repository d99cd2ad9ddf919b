import type { Agent } from '@mastra/core/agent';
import { MockMemory } from '@mastra/core/memory';
import { createTool } from '@mastra/core/tools';
import { seedCandidateOf } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { type AgentConfig, supportAgent, useEchoServer } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';

const server = useEchoServer();

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

function lookupTool() {
  return createTool({
    id: 'lookup',
    description: 'Looks it up.',
    inputSchema: z.object({ topic: z.string() }),
    execute: async () => 'found',
  });
}

/** A supervisor whose sub-agent has a tool. */
const team = () => {
  const lookup = createTool({
    id: 'lookup',
    description: 'Looks it up.',
    inputSchema: z.object({
      topic: z.string().describe('What to look for.'),
      filter: z.object({ city: z.string().describe('The city.') }),
      silent: z.string(),
    }),
    execute: async () => 'found',
  });
  const expert = agentWith({
    id: 'expert',
    description: 'Knows.',
    instructions: 'Be exact.',
    tools: { lookup },
  });
  return agentWith({ id: 'desk', instructions: 'Delegate.', agents: { expert } });
};

it('sub-agents are found with their instructions, and with all descriptions when tools is true', () => {
  expect(seedCandidateOf(gepa(team()).components)).toEqual({
    'desk.instructions': 'Delegate.',
    'expert.instructions': 'Be exact.',
  });
  expect(seedCandidateOf(gepa(team(), { tools: true }).components)).toEqual({
    'desk.instructions': 'Delegate.',
    'desk.agents.expert.description': 'Knows.',
    'expert.instructions': 'Be exact.',
    'expert.tools.lookup.description': 'Looks it up.',
    'expert.tools.lookup.fields.topic': 'What to look for.',
    'expert.tools.lookup.fields.filter.city': 'The city.',
  });
});

it('tools without a description and asynchronous sub-agents are listed in target.skipped', () => {
  const mute = createTool({
    id: 'mute',
    description: '',
    inputSchema: z.object({}),
    execute: async () => 1,
  });
  const target = gepa(agentWith({ tools: { mute } }), { tools: true });
  expect(target.skipped).toMatchObject([
    { location: 'agent support, tools, mute', reason: 'It has no description.' },
  ]);
  const dynamic = gepa(agentWith({ agents: async () => ({}) }));
  expect(dynamic.skipped).toMatchObject([{ location: 'agent support, sub-agents' }]);
});

it('new descriptions of a tool and its fields reach the model of a sub-agent', async () => {
  const program = gepa(team(), { tools: true }).apply({
    ...seedCandidateOf(gepa(team(), { tools: true }).components),
    'expert.tools.lookup.description': 'NEW TOOL',
    'expert.tools.lookup.fields.filter.city': 'NEW CITY',
  } as never);
  const { expert } = (await program.listAgents()) as unknown as { expert: Agent };
  await expert.generate('hello');
  const offered = server.requests.at(-1)?.tools?.[0]?.function;
  expect(offered).toMatchObject({
    description: 'NEW TOOL',
    parameters: {
      properties: {
        topic: { description: 'What to look for.' },
        filter: { properties: { city: { description: 'NEW CITY' } } },
      },
    },
  });
});

it('new tool descriptions reach a model that prepareStep selects for one step', async () => {
  const lookup = createTool({
    id: 'lookup',
    description: 'Looks it up.',
    inputSchema: z.object({ topic: z.string() }),
    execute: async () => 'found',
  });
  const agent = agentWith({
    tools: { lookup },
    defaultOptions: { prepareStep: () => ({ model: { ...server.model, id: 'local/chosen' } }) } as object,
  });
  const program = gepa(agent, { tools: true }).apply({
    'support.instructions': 'Be kind.',
    'support.tools.lookup.description': 'NEW TOOL',
  });
  await program.generate('hello');
  expect(server.requests.at(-1)).toMatchObject({
    model: 'chosen',
    tools: [{ function: { description: 'NEW TOOL' } }],
  });
});

const nestedLookup = createTool({
  id: 'lookup',
  description: 'Looks it up.',
  inputSchema: z.object({
    topic: z.string().min(3).describe('OLD topic.'),
    filter: z.object({ city: z.string().describe('OLD city.') }).optional(),
    names: z.array(z.object({ name: z.string().describe('OLD name.') })).optional(),
    place: z.union([z.object({ street: z.string().describe('OLD street.') }), z.string()]),
    pair: z.tuple([z.string(), z.number()]),
  }),
  execute: async () => 'found',
});

it.each([
  ['a model that accepts any schema', () => server.model],
  // For OpenAI models, Mastra turns optional fields into alternatives to null, and constraints into text.
  ['an OpenAI model', () => ({ id: 'openai/gpt-5' as const, url: server.model.url, apiKey: 'none' })],
])('new field descriptions change nothing else in the tool schema sent to %s', async (_, model) => {
  const agent = agentWith({ tools: { lookup: nestedLookup }, model: model() });
  const target = gepa(agent, { tools: true, include: ['support.tools.lookup.fields.*'] });
  const prefix = 'support.tools.lookup.fields.';
  const paths = ['topic', 'filter.city', 'names.name', 'place.street'];
  expect(Object.keys(target.components).sort()).toEqual(paths.map((path) => prefix + path).sort());
  const texts = Object.entries(seedCandidateOf(target.components)).map(([name, text]) => [
    name,
    text.replace('OLD', 'NEW'),
  ]);
  const offered = async (program: { generate(question: string): Promise<unknown> }) => {
    await program.generate('x');
    return JSON.stringify(server.requests.at(-1)?.tools);
  };
  const before = await offered(agent);
  const program = target.apply(Object.fromEntries(texts));
  expect(await offered(program)).toBe(before.replaceAll('OLD', 'NEW'));
});

it('only the first description of a field is a component; others are listed in target.skipped', () => {
  const kind = z.union([z.string().describe('A name.'), z.number().describe('A number.')]);
  const tool = createTool({
    id: 'lookup',
    description: 'Looks it up.',
    inputSchema: z.object({ kind }),
    execute: async () => 'found',
  });
  const target = gepa(agentWith({ tools: { lookup: tool } }), { tools: true });
  expect(target.components['support.tools.lookup.fields.kind']?.text).toBe('A name.');
  expect(target.skipped).toMatchObject([
    { location: 'agent support, tools, lookup, field kind, "A number."' },
  ]);
});

it.each<[string, { config?: object }, AgentConfig]>([
  ['toolsets of config', { config: { toolsets: { more: { lookup: lookupTool() } } } }, {}],
  ['clientTools of config', { config: { clientTools: { lookup: lookupTool() } } }, {}],
  [
    'toolsets of the default options',
    {},
    { defaultOptions: { toolsets: { more: { lookup: lookupTool() } } } },
  ],
])('descriptions of tools in %s are components, and load finds them too', async (_, options, config) => {
  const agent = agentWith(config);
  const target = gepa(agent, { tools: true, ...options });
  expect(Object.keys(target.components)).toEqual([
    'support.instructions',
    'support.tools.lookup.description',
  ]);
  const { program, result, toJSON } = await target.compile({
    trainset: [{ input: 'x' }],
    metric: ({ trace }) => JSON.stringify(trace).includes('Finds it.'),
    propose: async () => ({ 'support.tools.lookup.description': 'Finds it.' }),
    componentSelector: 'all',
    maxIterations: 1,
  });
  expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
  const offered = async (loaded: ReturnType<typeof agentWith>) => {
    await loaded.generate('x', { ...options.config });
    return server.requests.at(-1)?.tools?.map((tool) => tool.function.description);
  };
  expect(await offered(program)).toEqual(['Finds it.']);
  expect(await offered(load(agent, toJSON(), { tools: true, ...options }))).toEqual(['Finds it.']);
  expect(await offered(agent)).toEqual(['Looks it up.']);
});

it('the memory of an agent is listed in target.skipped, since rollouts have none', () => {
  const { skipped } = gepa(agentWith({ memory: new MockMemory() }));
  expect(skipped).toMatchObject([
    { location: 'agent support, memory', hint: expect.stringContaining('input') },
  ]);
});

/** The components of a tool's fields, and the tool's parameters as the model gets them with new texts. */
async function fieldsOf(inputSchema: unknown) {
  const book = createTool({
    id: 'book',
    description: 'Books.',
    inputSchema: inputSchema as never,
    execute: async () => 1,
  });
  const target = gepa(agentWith({ tools: { book } }), { tools: true });
  const seed = seedCandidateOf(target.components);
  const fields = Object.keys(seed).filter((name) => name.includes('.fields.'));
  const texts = Object.fromEntries(fields.map((name) => [name, `NEW ${seed[name]}`]));
  const program = target.apply({ ...seed, ...texts } as never);
  await program.generate('x');
  const sent = JSON.stringify(server.requests.at(-1)?.tools?.[0]?.function.parameters);
  const paths = fields.map((name) => name.replace('support.tools.book.fields.', ''));
  return { paths, sent, skipped: target.skipped };
}

const room = z.string().describe('Room code.');

it.each([
  ['date', z.date()],
  ['coerced date', z.coerce.date()],
  ['bigint', z.bigint()],
  ['custom', z.custom<string>()],
  ['instanceof', z.instanceof(URL)],
  ['set', z.set(z.string())],
  ['map', z.map(z.string(), z.number())],
])('a field of the type %s hides no descriptions', async (_, type) => {
  const { paths, sent, skipped } = await fieldsOf(z.object({ room, other: type.describe('The other.') }));
  expect(paths).toEqual(['room', 'other']);
  expect(sent).toContain('"NEW Room code."');
  expect(sent).toContain('"NEW The other."');
  expect(skipped).toEqual([]);
});

it('descriptions in definitions are components of the first field that refers to them', async () => {
  const address = z
    .object({ street: z.string().describe('The street.') })
    .meta({ id: 'Address', description: 'A postal address.' });
  const named = await fieldsOf(z.object({ home: address, work: address.describe('Of the office.') }));
  expect(named.paths).toEqual(['home', 'home.street', 'work']);
  expect(named.sent).toContain('"NEW A postal address."');
  expect(named.sent).toContain('"NEW The street."');
  expect(named.sent).toContain('"NEW Of the office."');

  type Category = { name: string; children: Category[] };
  const category: z.ZodType<Category> = z.object({
    name: z.string().describe('The name.'),
    children: z.array(z.lazy(() => category)).describe('Those below.'),
  });
  const recursive = await fieldsOf(z.object({ category }));
  expect(recursive.paths).toEqual(['category.name', 'category.children']);
  expect(recursive.sent).toContain('"NEW The name."');

  // As servers of MCP send it.
  const json = await fieldsOf({
    type: 'object',
    properties: { at: { $ref: '#/$defs/place' }, other: { $ref: '#/$defs/missing' } },
    $defs: {
      place: { type: 'object', properties: { city: { type: 'string', description: 'The city.' } } },
    },
  });
  expect(json.paths).toEqual(['at.city']);
  expect(json.sent).toContain('"NEW The city."');
});

it('a schema that cannot be converted is listed in target.skipped', () => {
  const inputSchema = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: (value: unknown) => ({ value }),
      jsonSchema: {
        input: () => {
          throw new Error('No JSON schema for this type.');
        },
        output: () => ({}),
      },
    },
  };
  const book = createTool({
    id: 'book',
    description: 'Books.',
    inputSchema: inputSchema as never,
    execute: async () => 1,
  });
  expect(gepa(agentWith({ tools: { book } }), { tools: true }).skipped).toMatchObject([
    {
      location: 'agent support, tools, book, fields',
      reason: expect.stringContaining('No JSON schema for this type.'),
    },
  ]);
});
