import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { Mastra } from '@mastra/core/mastra';
import { MockMemory } from '@mastra/core/memory';
import { RequestContext } from '@mastra/core/request-context';
import { createTool } from '@mastra/core/tools';
import { CandidateMismatchError, type Metric, NoComponentsError, OptionsError, tunable } from 'gepa-core';
import { seedCandidateOf, walkSteps } from 'gepa-core/adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AgentOutput } from './adapter.ts';
import type { MastraExample } from './data/example.ts';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer, systemOf } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  // Answers with what it was told, a little later for some, so that rollouts overlap.
  server = await startOpenAIServer(async (request) => {
    const system = systemOf(request);
    await new Promise((resolve) => setTimeout(resolve, system.length % 5));
    return `${system} / ${request.messages.map(({ content }) => String(content)).at(-1)}`;
  });
});
afterAll(() => server.close());

const agentWith = (more: Partial<ConstructorParameters<typeof Agent>[0]> = {}) =>
  new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...more });

/** Scores 1 when the instructions hold the word. */
const asksFor =
  (word: string): Metric<MastraExample, AgentOutput> =>
  ({ output }) =>
    output.text.includes(word) ? 1 : 0;

const examples: readonly MastraExample[] = ['one', 'two', 'three'].map((input) => ({ id: input, input }));

const search = {
  trainset: examples,
  valset: examples,
  metric: asksFor('polite'),
  maxIterations: 2,
};
const better = async () => ({ 'support.instructions': 'Be kind and polite.' });

describe('the components of an agent', () => {
  it.each([
    ['a string', 'Be kind.', 'Be kind.'],
    ['a list', ['Be kind.', 'Be brief.'], 'Be kind.\n\nBe brief.'],
    ['a system message', { role: 'system', content: 'Be kind.' }, 'Be kind.'],
    [
      'system messages',
      [
        { role: 'system', content: 'Be kind.' },
        { role: 'system', content: 'Be brief.' },
      ],
      'Be kind.\n\nBe brief.',
    ],
    ['a function', () => 'Be kind.', 'Be kind.'],
  ] as const)('are its instructions, given as %s', async (_, instructions, text) => {
    const agent = agentWith({ instructions: instructions as never });
    const target = gepa(agent);
    expect(seedCandidateOf(target.components)).toEqual({ 'support.instructions': text });
    expect(target.skipped).toEqual([]);
    const applied = target.apply({ 'support.instructions': 'Be polite.' });
    expect((await applied.generate('hello')).text).toBe('Be polite. / hello');
    expect((await agent.generate('hello')).text).toContain('Be kind.');
  });

  it('are read with the request context of the options', () => {
    const agent = agentWith({ instructions: ({ requestContext }) => `Serve ${requestContext.get('tier')}.` });
    const target = gepa(agent, { requestContext: { tier: 'gold' } });
    expect(target.components['support.instructions']?.text).toBe('Serve gold.');
    expect(target.skipped).toMatchObject([{ reason: expect.stringContaining('They read tier') }]);
  });

  it('are the instructions of the default options, which count at run time', async () => {
    const target = gepa(agentWith({ defaultOptions: { instructions: 'Be exact.' } }));
    expect(target.components['support.instructions']?.text).toBe('Be exact.');
    const applied = target.apply({ 'support.instructions': 'Be polite.' });
    expect((await applied.generate('hello')).text).toBe('Be polite. / hello');
  });

  it('keep what a provider is told beside the text', async () => {
    const providerOptions = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    const agent = agentWith({ instructions: { role: 'system', content: 'Be kind.', providerOptions } });
    const applied = gepa(agent).apply({ 'support.instructions': 'Be polite.' });
    expect(await applied.getInstructions()).toEqual({
      role: 'system',
      content: 'Be polite.',
      providerOptions,
    });
  });

  it('take their text from the options where only an asynchronous function knows it', async () => {
    const agent = agentWith({ instructions: async () => 'Be kind.' });
    expect(() => gepa(agent)).toThrow(/asynchronous[\s\S]*support\.instructions/);
    const target = gepa(agent, { texts: { 'support.instructions': 'Be kind.' } });
    expect((await target.apply({ 'support.instructions': 'Be polite.' }).generate('hello')).text).toBe(
      'Be polite. / hello',
    );
  });

  it.each([
    ['empty', { instructions: '' }, 'They are empty'],
    [
      'throwing',
      {
        instructions: () => {
          throw new Error('no tenant');
        },
      },
      'They threw: no tenant',
    ],
  ])('cannot be %s instructions', (_, more, reason) => {
    expect(() => gepa(agentWith(more))).toThrow(NoComponentsError);
    expect(() => gepa(agentWith(more))).toThrow(reason);
  });

  it('take that text in any form of instructions', () => {
    const texts = { 'support.instructions': [{ role: 'system', content: 'Be kind.' }] } as const;
    const target = gepa(agentWith({ instructions: async () => '' }), { texts: texts as never });
    expect(seedCandidateOf(target.components)).toEqual({ 'support.instructions': 'Be kind.' });
  });

  it('tell of a class of its own, which a copy is not of', () => {
    class Prefixed extends Agent {}
    const agent = new Prefixed({ id: 'p', name: 'P', instructions: 'Be kind.', model: server.model });
    expect(gepa(agent).skipped).toMatchObject([{ reason: expect.stringContaining('class Prefixed') }]);
  });

  it('are narrowed and renamed', () => {
    const target = gepa(agentWith(), {
      include: ['support.instructions'],
      rename: { 'support.instructions': 'support' },
    });
    expect(Object.keys(target.components)).toEqual(['support']);
    expect(() => gepa(agentWith(), { include: ['suport'] })).toThrow(OptionsError);
  });

  it('must come from an agent or a workflow', () => {
    const stranger = { id: 'x', generate: async () => {}, getInstructions: () => '' };
    expect(() => gepa(stranger)).toThrow(OptionsError);
  });

  it('must come from the agent a durable one wraps, where Mastra has such', ({ skip }) => {
    const agents = { durable: agentWith({ durable: true }) };
    const wrapper = new Mastra({ agents, logger: false }).getAgent('durable');
    skip(wrapper === agents.durable, 'This version of Mastra has no durable agents.');
    expect(() => gepa(wrapper)).toThrow('give the agent it wraps');
  });
});

describe('sub-agents and tools', () => {
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

  it('are found under readable names, the texts of tools by an option', () => {
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

  it('tell what has no text, and what keeps it to itself', () => {
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

  it('reach the model with their new texts, as the schema has them', async () => {
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

  it('reach a model that is chosen for a single step too', async () => {
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
});

describe('descriptions of fields', () => {
  const lookup = createTool({
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
    ['a model that takes any schema', () => server.model],
    // For these Mastra writes schemas anew: what is optional becomes an alternative to null, limits become words.
    ['a model of OpenAI', () => ({ id: 'openai/gpt-5' as const, url: server.model.url, apiKey: 'none' })],
  ])('change wherever they stand, and nothing else does, for %s', async (_, model) => {
    const agent = agentWith({ tools: { lookup }, model: model() });
    const target = gepa(agent, { tools: true, include: ['support.tools.lookup.fields.*'] });
    const prefix = 'support.tools.lookup.fields.';
    const paths = ['topic', 'filter.city', 'names.name', 'place.street'];
    expect(Object.keys(target.components).sort()).toEqual(paths.map((path) => prefix + path).sort());
    const texts = Object.entries(seedCandidateOf(target.components)).map(([name, text]) => [
      name,
      text.replace('OLD', 'NEW'),
    ]);
    const offered = async (asked: { generate(question: string): Promise<unknown> }) => {
      await asked.generate('x');
      return JSON.stringify(server.requests.at(-1)?.tools);
    };
    const before = await offered(agent);
    const program = target.apply(Object.fromEntries(texts));
    expect(await offered(program)).toBe(before.replaceAll('OLD', 'NEW'));
  });

  it('are told apart from others at the same place, which cannot change', () => {
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
});

describe('compile', () => {
  it('optimizes, and leaves the agent as it was for everybody else meanwhile', async () => {
    const agent = agentWith();
    const target = gepa(agent);
    let others = 0;
    const running = target.compile({ ...search, propose: better });
    const asked = Array.from({ length: 20 }, async () => {
      others++;
      return (await agent.generate('hello')).text;
    });
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['Be kind. / hello']));
    const { program, result } = await running;
    expect(others).toBe(20);
    expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
    expect((await program.generate('hello')).text).toBe('Be kind and polite. / hello');
    expect((await agent.generate('hello')).text).toBe('Be kind. / hello');
    expect(program).toBeInstanceOf(Agent);
  });

  it('says beforehand what that takes, from one run', async () => {
    const told = await gepa(agentWith()).estimate({ ...search, propose: better }, { measure: true });
    expect(told.measured).toMatchObject({ score: 0, usage: { modelCalls: 1 } });
    expect(told.metricCalls.expected).toBeLessThanOrEqual(told.metricCalls.worst);
  });

  it('saves and loads', async () => {
    const target = gepa(agentWith());
    const compiled = await target.compile({ ...search, propose: better });
    const file = join(mkdtempSync(join(tmpdir(), 'gepa-')), 'support.gepa.json');
    compiled.save(file);
    expect((await gepa(agentWith()).load(file).generate('x')).text).toBe('Be kind and polite. / x');
    expect(() => gepa(agentWith({ instructions: 'Other.' })).load(file)).toThrow(CandidateMismatchError);
    expect(compiled.diff()).toContain('polite');
  });

  it('writes back when told to, and takes it back', async () => {
    const agent = agentWith({ instructions: ['Be', 'kind.'] });
    const compiled = await gepa(agent).compile({ ...search, propose: better });
    const undo = compiled.writeBack();
    expect((await agent.generate('x')).text).toBe('Be kind and polite. / x');
    undo();
    undo();
    expect(await agent.getInstructions()).toEqual(['Be', 'kind.']);
  });

  it('writes back past default options, which other agents may share', async () => {
    const defaultOptions = { instructions: 'Be exact.' };
    const agent = agentWith({ defaultOptions });
    const other = agentWith({ id: 'other', defaultOptions });
    const compiled = await gepa(agent).compile({ ...search, propose: better });
    const undo = compiled.writeBack();
    expect((await agent.generate('hello')).text).toBe('Be kind and polite. / hello');
    expect((await other.generate('hello')).text).toBe('Be exact. / hello');
    undo();
    expect((await agent.generate('hello')).text).toBe('Be exact. / hello');
  });

  it('writes texts of tools back too', async () => {
    const lookup = createTool({
      id: 'lookup',
      description: 'Looks it up.',
      inputSchema: z.object({}),
      execute: async () => 'found',
    });
    const agent = agentWith({ tools: { lookup } });
    const compiled = await gepa(agent, {
      tools: true,
      include: ['support.tools.lookup.description'],
    }).compile({
      ...search,
      metric: ({ trace }) => (JSON.stringify(trace).includes('BETTER') ? 1 : 0),
      propose: async () => ({ 'support.tools.lookup.description': 'BETTER' }),
    });
    const offered = async () => {
      await agent.generate('x');
      return server.requests.at(-1)?.tools?.[0]?.function.description;
    };
    const undo = compiled.writeBack();
    expect(await offered()).toBe('BETTER');
    undo();
    expect(await offered()).toBe('Looks it up.');
  });

  it('gives every rollout a request context of its own, filled from the example', async () => {
    const agent = agentWith({
      instructions: ({ requestContext }) => {
        const text = `Serve ${requestContext.get('tier') ?? 'all'}, ${requestContext.get('seen') ?? 'new'}.`;
        requestContext.set('seen', 'old');
        return text;
      },
      tools: {},
    });
    const given = new RequestContext([['tier', 'gold']]);
    const outputs: string[] = [];
    await gepa(agent, { requestContext: { tier: 'all' } }).compile({
      ...search,
      trainset: [
        { id: 'a', input: 'x', requestContext: given },
        { id: 'b', input: 'x' },
        { id: 'c', input: 'x', requestContext: { tier: 'silver' } },
      ],
      valset: [
        { id: 'a', input: 'x', requestContext: given },
        { id: 'b', input: 'x' },
      ],
      metric: ({ output }) => {
        outputs.push(output.text);
        return 0;
      },
      propose: async () => ({}),
    });
    expect([...new Set(outputs)].sort()).toEqual([
      'Serve all, new. / x',
      'Serve gold, new. / x',
      'Serve silver, new. / x',
    ]);
    expect(given.get('seen')).toBeUndefined();
  });

  it('gives no rollout what another one did to the values of its request context', async () => {
    class Owner {}
    const owner = new Owner();
    const cart: Record<string, unknown> & { items: string[] } = { items: [], owner };
    cart.self = cart;
    const seen: unknown[] = [];
    const agent = agentWith({
      inputProcessors: [
        {
          id: 'shop',
          processInput: ({ messages, requestContext }) => {
            const own = requestContext?.get('cart') as typeof cart;
            own.items.push('one');
            seen.push([own.items.length, own.owner === owner, own.self === own]);
            return messages;
          },
        },
      ],
    });
    await gepa(agent, { requestContext: { cart } }).compile({ ...search, propose: better });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual(seen.map(() => [1, true, true]));
    expect(cart.items).toEqual([]);
  });

  it('writes nothing to memory, reads nothing from it, and calls no live scorers', async () => {
    const memory = new MockMemory();
    let scored = 0;
    const scorer = createScorer({ id: 'live', description: 'live' }).generateScore(() => {
      scored++;
      return 1;
    });
    const expert = agentWith({ id: 'expert', instructions: 'Be exact.', memory });
    const agent = agentWith({
      memory,
      agents: { expert },
      scorers: { live: { scorer, sampling: { type: 'ratio', rate: 1 } } },
      defaultOptions: { memory: { thread: 'shared', resource: 'user' } },
    });
    await agent.generate('remember me');
    const threads = async () =>
      (await memory.listThreads({ filter: { resourceId: 'user' }, perPage: false })).threads;
    const messages = async () =>
      (await memory.recall({ threadId: 'shared', resourceId: 'user' })).messages.length;
    const before = [(await threads()).length, await messages()];
    const seen: string[] = [];
    await gepa(agent).compile({
      ...search,
      maxIterations: 1,
      metric: ({ trace }) => {
        seen.push(JSON.stringify(trace));
        return 0;
      },
      propose: async () => ({}),
    });
    expect([(await threads()).length, await messages()]).toEqual(before);
    expect(seen.join()).not.toContain('remember me');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(scored).toBeLessThanOrEqual(1);
  });

  it('leaves the memory of sub-agents alone, which Mastra writes to after each delegation', async () => {
    const delegating = await startOpenAIServer(({ messages, tools = [] }) =>
      tools.length > 0 && !messages.some(({ role }) => role === 'tool')
        ? { calls: [{ name: 'agent-expert', args: { prompt: 'sub-question' } }] }
        : 'done',
    );
    const memory = new MockMemory();
    const { model } = delegating;
    const expert = agentWith({ id: 'expert', instructions: 'Be exact.', model, memory });
    const agent = agentWith({ model, memory, agents: { expert } });
    await gepa(agent).compile({ ...search, metric: () => 0, maxIterations: 1, propose: async () => ({}) });
    expect((await memory.listThreads({ perPage: false })).threads).toEqual([]);
    // The test can tell: without an optimization there are some.
    await agent.generate('x', { memory: { thread: 't', resource: 'r' } });
    expect((await memory.listThreads({ perPage: false })).threads).not.toEqual([]);
    await delegating.close();
  });

  it('keeps default options, structured output and processors as configured', async () => {
    const agent = agentWith({
      inputProcessors: [
        {
          id: 'shout',
          processInput: ({ messages }) => {
            for (const { content } of messages) {
              for (const part of content.parts) if (part.type === 'text') part.text = part.text.toUpperCase();
            }
            return messages;
          },
        },
      ],
      defaultOptions: { modelSettings: { temperature: 0.25 } },
    });
    await gepa(agent).compile({ ...search, maxIterations: 1, propose: async () => ({}) });
    expect(server.requests.at(-1)).toMatchObject({ temperature: 0.25 });
    expect(server.requests.at(-1)?.messages.at(-1)?.content).toMatch(/^(ONE|TWO|THREE)$/);
  });

  it.each([
    ['its default options', { defaultOptions: { maxSteps: 2 } }, {}, 2],
    ['the config of rollouts, which wins', { defaultOptions: { maxSteps: 2 } }, { maxSteps: 3 }, 3],
  ])('stops after the `maxSteps` of %s', async (_, options, config, steps) => {
    const looking = await startOpenAIServer(() => ({ calls: [{ name: 'look', args: {} }] }));
    const look = createTool({
      id: 'look',
      description: 'Looks again.',
      inputSchema: z.object({}),
      execute: async () => 'nothing yet',
    });
    const outputs: AgentOutput[] = [];
    const kinds: string[][] = [];
    const { result } = await gepa(agentWith({ ...options, model: looking.model, tools: { look } }), {
      config,
    }).compile({
      ...search,
      trainset: [{ input: 'x' }],
      valset: [{ input: 'x' }],
      maxIterations: 1,
      metric: ({ output, trace = [] }) => {
        outputs.push(output);
        kinds.push((trace[0]?.children ?? []).map(({ kind }) => kind));
        return 0;
      },
      propose: async () => ({}),
    });
    await looking.close();
    expect(looking.requests).toHaveLength(steps * result.totalMetricCalls);
    expect(outputs[0]).toEqual({ text: '', finishReason: 'tool-calls' });
    expect(kinds[0]).toEqual(Array.from({ length: steps }, () => ['model', 'tool']).flat());
  });

  it.each([
    ['the config of rollouts', false],
    ['default options', true],
  ])('counts the model that shapes the output, named in %s', async (_, isDefault) => {
    const shaping = await startOpenAIServer(() => '{"mood":"calm"}');
    const structuredOutput = { schema: z.object({ mood: z.string() }), model: shaping.model };
    const agent = agentWith(isDefault ? { defaultOptions: { structuredOutput } as object } : {});
    const rollouts: unknown[] = [];
    const { result } = await gepa(agent, isDefault ? {} : { config: { structuredOutput } }).compile({
      ...search,
      maxIterations: 1,
      metric: ({ output, trace = [] }) => {
        const calls = [...walkSteps(trace)].filter(({ kind }) => kind === 'model');
        rollouts.push({ object: output.object, components: calls.map(({ components = [] }) => components) });
        return 0;
      },
      propose: async () => ({}),
    });
    await shaping.close();
    expect(rollouts[0]).toEqual({ object: { mood: 'calm' }, components: [['support.instructions'], []] });
    expect(shaping.requests).toHaveLength(result.totalMetricCalls);
    expect(result.usage.modelCalls).toBe(2 * result.totalMetricCalls);
  });

  it('gives structured output as an object, with options and a model of the call', async () => {
    const answering = await startOpenAIServer(() => '{"mood":"calm"}');
    const moods: unknown[] = [];
    const models: unknown[] = [];
    await gepa(agentWith(), {
      config: { model: answering.model, structuredOutput: { schema: z.object({ mood: z.string() }) } },
    }).compile({
      ...search,
      maxIterations: 1,
      metric: ({ output, trace = [] }) => {
        moods.push(output.object);
        models.push(...[...walkSteps(trace)].filter(({ kind }) => kind === 'model'));
        return 0;
      },
      propose: async () => ({}),
    });
    await answering.close();
    expect(moods[0]).toEqual({ mood: 'calm' });
    expect(models[0]).toMatchObject({ components: ['support.instructions'], usage: { modelCalls: 1 } });
  });

  it('does not write back what stands in functions', async () => {
    const style = tunable('style', 'plain');
    const agent = agentWith({ instructions: () => `Write ${style.text}.` });
    const compiled = await gepa(agent, { tunables: [style], include: ['style'] }).compile({
      ...search,
      propose: async () => ({ style: 'polite prose' }),
    });
    expect(() => compiled.writeBack()).toThrow('style stands in the code');
  });

  it('writes back to agents that a function gives, but for those that it makes anew for each request', async () => {
    const lasting = agentWith({ id: 'expert', instructions: 'Be exact.' });
    const compiledWith = (expert: () => typeof lasting) => {
      const agent = agentWith({ agents: () => ({ expert: expert() }) });
      const texts = { 'support.instructions': 'Be polite.', 'expert.instructions': 'Be polite, too.' };
      const run = { ...search, componentSelector: 'all', propose: async () => texts } as const;
      return gepa(agent).compile(run);
    };
    (await compiledWith(() => lasting)).writeBack();
    expect(await lasting.getInstructions()).toBe('Be polite, too.');
    const passing = await compiledWith(() => agentWith({ id: 'expert', instructions: 'Be exact.' }));
    expect(() => passing.writeBack()).toThrow('expert.instructions stands');
  });

  it('reaches texts in functions by tunables', async () => {
    const style = tunable('style', 'plain');
    const agent = agentWith({ instructions: () => `Write ${style.text}.` });
    const target = gepa(agent, { tunables: [style], include: ['style'] });
    const { program, result } = await target.compile({
      ...search,
      propose: async () => ({ style: 'polite prose' }),
    });
    expect(result.bestScore).toBe(1);
    expect((await program.generate('x')).text).toBe('Write polite prose. / x');
    expect((await agent.generate('x')).text).toBe('Write plain. / x');
  });

  it('keeps 50 candidates in parallel apart, the sub-agents of all of them too', async () => {
    const expert = agentWith({ id: 'expert', instructions: 'Be exact.' });
    const target = gepa(agentWith({ agents: { expert } }));
    const texts = Array.from({ length: 50 }, (_, i) => `Text ${i}.`);
    const answers = await Promise.all(
      texts.map(async (text) => {
        const program = target.apply({
          'support.instructions': text,
          'expert.instructions': `${text} Expert.`,
        });
        const agents = (await program.listAgents()) as unknown as { expert: Agent };
        return [(await program.generate('x')).text, (await agents.expert.generate('x')).text];
      }),
    );
    expect(answers).toEqual(texts.map((text) => [`${text} / x`, `${text} Expert. / x`]));
  });
});

it('shows a reflection model the whole of what happened', async () => {
  const talking = await startOpenAIServer((request) => {
    const results = request.messages.filter(({ role }) => role === 'tool');
    if (results.length > 0) return { content: 'It is 4.', reasoning: 'The tool said so.' };
    return {
      calls: [
        { name: 'add', args: { a: 2 } },
        { name: 'explode', args: {} },
      ],
    };
  });
  const add = createTool({
    id: 'add',
    description: 'Adds.',
    inputSchema: z.object({ a: z.number() }),
    execute: async ({ a }) => ({ sum: a + 2 }),
  });
  const explode = createTool({
    id: 'explode',
    description: 'Explodes.',
    inputSchema: z.object({}),
    execute: async () => {
      throw new Error('bang');
    },
  });
  const agent = new Agent({
    id: 'math',
    name: 'Math',
    instructions: 'Compute.',
    model: talking.model,
    tools: { add, explode },
  });
  const prompts: string[] = [];
  let steps: unknown;
  await gepa(agent).compile({
    ...search,
    maxIterations: 1,
    metric: ({ trace = [] }) => {
      steps = trace;
      const models = [...walkSteps(trace)].filter(({ kind }) => kind === 'model');
      expect(
        models.map(({ finishReason, usage }) => [finishReason, Object.keys(usage?.byModel ?? {})]),
      ).toEqual([
        ['tool-calls', ['local/simulated']],
        ['stop', ['local/simulated']],
      ]);
      return { score: 0, feedback: 'Wrong.' };
    },
    reflectionModel: async ({ prompt }) => {
      prompts.push(prompt);
      return '```\nCompute well.\n```';
    },
  });
  await talking.close();
  expect(steps).toMatchObject([
    {
      kind: 'agent',
      name: 'math',
      output: 'It is 4.',
      children: [
        { kind: 'model', components: ['math.instructions'] },
        { kind: 'tool', name: 'add', input: { a: 2 }, output: { sum: 4 } },
        { kind: 'tool', name: 'explode', error: 'bang' },
        { kind: 'model', output: { content: 'It is 4.', reasoning: 'The tool said so.' } },
      ],
    },
  ]);
  for (const part of ['Compute.', 'explode', 'bang', 'sum: 4', 'It is 4.', 'The tool said so.', 'Wrong.']) {
    expect(prompts[0]).toContain(part);
  }
});
