import { RequestContext } from '@mastra/core/request-context';
import { NoComponentsError, tunable } from 'gepa-core';
import { seedCandidateOf } from 'gepa-core/adapter';
import { expect, it, vi } from 'vitest';
import { type AgentConfig, search, supportAgent, useEchoServer } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';

const server = useEchoServer();

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

it.each([
  ['a string', 'Be kind.', 'Be kind.'],
  ['a list of one', ['Be kind.'], 'Be kind.'],
  ['a system message', { role: 'system', content: 'Be kind.' }, 'Be kind.'],
  ['a function', () => 'Be kind.', 'Be kind.'],
] as const)(
  'instructions given as %s are found and replaced in a copy of the agent',
  async (_, instructions, text) => {
    const agent = agentWith({ instructions: instructions as never });
    const target = gepa(agent);
    expect(seedCandidateOf(target.components)).toEqual({ 'support.instructions': text });
    expect(target.skipped).toEqual([]);
    const applied = target.apply({ 'support.instructions': 'Be polite.' });
    expect((await applied.generate('hello')).text).toBe('Be polite. / hello');
    expect((await agent.generate('hello')).text).toContain('Be kind.');
  },
);

it('dynamic instructions are read with the option requestContext, and target.skipped names the keys they read', () => {
  const agent = agentWith({ instructions: ({ requestContext }) => `Serve ${requestContext.get('tier')}.` });
  const target = gepa(agent, { requestContext: { tier: 'gold' } });
  expect(target.components['support.instructions']?.text).toBe('Serve gold.');
  expect(target.skipped).toMatchObject([{ reason: expect.stringContaining('The instructions read tier') }]);
});

const cached = { anthropic: { cacheControl: { type: 'ephemeral' } } };

it('each item of a list of instructions is a component, and keeps its place and its provider options', async () => {
  const instructions = [
    { role: 'system', content: 'Be kind.', providerOptions: cached },
    { role: 'system', content: 'Be brief.' },
  ];
  const target = gepa(agentWith({ instructions: instructions as never }));
  expect(seedCandidateOf(target.components)).toEqual({
    'support.instructions.1': 'Be kind.',
    'support.instructions.2': 'Be brief.',
  });
  const applied = target.apply({
    'support.instructions.1': 'Be polite.',
    'support.instructions.2': 'Be brief.',
  });
  expect(await applied.getInstructions()).toEqual([
    { role: 'system', content: 'Be polite.', providerOptions: cached },
    { role: 'system', content: 'Be brief.' },
  ]);
});

it('items of a list that change with the request stay as the function returns them', async () => {
  const agent = agentWith({
    instructions: ({ requestContext }) => ['Be kind.', `Serve ${requestContext.get('tier') ?? 'all'}.`],
  });
  const target = gepa(agent, { requestContext: { tier: 'gold' } });
  expect(seedCandidateOf(target.components)).toEqual({ 'support.instructions.1': 'Be kind.' });
  expect(target.skipped.map(({ location }) => location)).toContain('agent support, instructions, item 2');
  const applied = target.apply({ 'support.instructions.1': 'Be polite.' });
  const requestContext = new RequestContext([['tier', 'silver']]) as never;
  expect(await applied.getInstructions({ requestContext })).toEqual(['Be polite.', 'Serve silver.']);
});

it('items of a list that read a key stay as the function returns them also when only the examples have it', async () => {
  const agent = agentWith({
    instructions: ({ requestContext }) => ['Be kind.', `Serve ${requestContext.get('name')}.`],
  });
  const target = gepa(agent);
  expect(Object.keys(target.components)).toEqual(['support.instructions.1']);
  const applied = target.apply({ 'support.instructions.1': 'Be polite.' });
  const requestContext = new RequestContext([['name', 'Ada']]) as never;
  expect(await applied.getInstructions({ requestContext })).toEqual(['Be polite.', 'Serve Ada.']);
});

it.each<[string, (context: RequestContext) => string]>([
  ['get', (context) => `Serve ${context.get('tier') ?? 'all'}.`],
  ['has', (context) => `Serve ${context.has('tier') ? 'some' : 'all'}.`],
  ...whenAllIsKnown(
    ['all', (context) => `Serve ${(context.all as { tier?: string }).tier ?? 'all'}.`],
    ['a destructured field', ({ all }) => `Serve ${(all as { tier?: string }).tier ?? 'all'}.`],
  ),
  ['entries', (context) => `Serve ${[...context.entries()].length}.`],
  ['toJSON', (context) => `Serve ${JSON.stringify(context)}.`],
  ['the date', () => `It is ${new Date().toDateString()}.`],
  ['the formatted date', () => `It is ${new Intl.DateTimeFormat('en').format()}.`],
  ['a counter', () => `Call ${counter++}.`],
])('one text that depends on %s is warned of in the result of a run', async (_, instructions) => {
  const agent = agentWith({ instructions: ({ requestContext }) => instructions(requestContext) });
  const target = gepa(agent);
  const now = Date.now();
  const { result } = await target.compile({ ...search, propose: async () => ({}), maxIterations: 1 });
  expect(result.warnings.join()).toContain('the same for every request. Return a list');
  expect(target.skipped).toHaveLength(1);
  expect(Math.abs(Date.now() - now)).toBeLessThan(3_600_000);
});

let counter = 0;

/** Cases that read \`all\` of a request context, which older versions of Mastra lack. */
function whenAllIsKnown<Text>(...cases: [string, (context: RequestContext) => Text][]) {
  return 'all' in RequestContext.prototype ? cases : [];
}

it('instructions that contain a tunable are not a component themselves', async () => {
  const style = tunable('style', 'Be kind.');
  const agent = agentWith({ instructions: () => `Rules: ${style.text}` });
  const target = gepa(agent, { tunables: [style] });
  expect(Object.keys(target.components)).toEqual(['style']);
  const applied = target.apply({ style: 'Be polite.' });
  expect((await applied.generate('hello')).text).toBe('Rules: Be polite. / hello');
});

const manners = tunable('manners', 'Be kind.');

it.each<[string, (context: RequestContext) => string | string[]]>([
  ['reads the request context', (context) => `${manners.text} Serve ${context.get('tier')}.`],
  ['names the date', () => `${manners.text} It is ${new Date().toISOString()}.`],
  ['is random', () => `${manners.text} ${Math.random()}`],
  ['counts its calls', () => `${manners.text} Call ${counter++}.`],
  ['has it for some requests only', (context) => (context.has('tier') ? manners.text : 'Serve all.')],
  ['shortens it', (context) => `${manners.text.length} letters for ${context.get('tier')}`],
])(
  'instructions that contain a tunable are not a component when the function also %s',
  async (_, instructions) => {
    const agent = agentWith({ instructions: ({ requestContext }) => instructions(requestContext) });
    for (const requestContext of [{}, { tier: 'gold' }]) {
      const target = gepa(agent, { tunables: [manners], requestContext });
      expect(Object.keys(target.components)).toEqual(['manners']);
      expect(target.skipped).toMatchObject([{ reason: expect.stringContaining('The tunable "manners"') }]);
    }
  },
);

it('with a new text in the tunable, instructions still contain what the request has', async () => {
  const agent = agentWith({
    instructions: ({ requestContext }) => `${manners.text} Serve ${requestContext.get('tier')}.`,
  });
  const applied = gepa(agent, { tunables: [manners] }).apply({ manners: 'Be polite.' });
  const requestContext = new RequestContext([['tier', 'silver']]) as never;
  expect((await applied.generate('hello', { requestContext })).text).toBe('Be polite. Serve silver. / hello');
});

it('a counter beside a tunable is not mistaken for it', () => {
  const agent = agentWith({ instructions: () => `Call ${counter++}.` });
  expect(Object.keys(gepa(agent, { tunables: [manners] }).components)).toEqual([
    'support.instructions',
    'manners',
  ]);
});

const name = (context: RequestContext) => String(context.get('name') ?? 'nobody');

it.each<[string, (context: RequestContext) => string[]]>([
  ['one key', (context) => ['Be kind.', `Serve ${name(context)}.`]],
  ['two keys', (context) => ['Be kind.', `Serve ${name(context)}.`, `Team ${context.get('team')}`]],
  ['two keys in one item', (context) => ['Be kind.', `Serve ${name(context)} of ${context.get('team')}`]],
  ['whether a key is there', (context) => ['Be kind.', context.has('name') ? 'Use the name.' : '']],
  ...whenAllIsKnown(['all values', (context) => ['Be kind.', `Serve ${JSON.stringify(context.all)}.`]]),
])('the fixed item of a list is without a warning when another item shows %s', async (_, instructions) => {
  const agent = agentWith({ instructions: ({ requestContext }) => instructions(requestContext) as never });
  for (const requestContext of [{}, { name: 'Ada' }]) {
    const target = gepa(agent, { requestContext });
    expect(Object.keys(target.components)).toEqual(['support.instructions.1']);
    expect(target.skipped.filter(({ location }) => !/item [23]$/.test(location))).toEqual([]);
    const { result } = await target.compile({ ...search, propose: async () => ({}), maxIterations: 1 });
    expect(result.warnings.join()).not.toContain('request context');
  }
});

it('the items of a list are warned of for the keys that no item shows, and the hint says how to show them', async () => {
  const instructions = ({ requestContext: context }: { requestContext: RequestContext }) => [
    context.get('plan') === 'gold' ? 'Serve first.' : 'Serve in turn.',
    `Serve ${name(context)}.`,
  ];
  const agent = agentWith({ instructions: instructions as never });
  const target = gepa(agent);
  const { result } = await target.compile({ ...search, propose: async () => ({}), maxIterations: 1 });
  const warning = result.warnings.find((text) => text.startsWith('support.instructions.1'));
  expect(warning).toContain('The instructions read plan from the request context');
  expect(warning).toContain('`requestContext`');
  expect(warning).not.toContain('Return a list');
  expect(
    Object.keys(gepa(agentWith({ instructions: () => ['Be kind.', 'Be brief.'] }), {}).components),
  ).toHaveLength(2);
  const shown = agentWith({
    instructions: ((options: never) => ['Be kind.', ...instructions(options)]) as never,
  });
  const { components, skipped } = gepa(shown, { requestContext: { plan: 'gold' } });
  expect(Object.keys(components)).toEqual(['support.instructions.1']);
  expect(skipped.map(({ location }) => location)).toEqual([
    'agent support, instructions, item 2',
    'agent support, instructions, item 3',
  ]);
});

it('instructions in the default options are optimized, as they override the own instructions of the agent', async () => {
  const target = gepa(agentWith({ defaultOptions: { instructions: 'Be exact.' } }));
  expect(target.components['support.instructions']?.text).toBe('Be exact.');
  const applied = target.apply({ 'support.instructions': 'Be polite.' });
  expect((await applied.generate('hello')).text).toBe('Be polite. / hello');
});

it('a system message with new text keeps its provider options', async () => {
  const providerOptions = { anthropic: { cacheControl: { type: 'ephemeral' } } };
  const agent = agentWith({ instructions: { role: 'system', content: 'Be kind.', providerOptions } });
  const applied = gepa(agent).apply({ 'support.instructions': 'Be polite.' });
  expect(await applied.getInstructions()).toEqual({
    role: 'system',
    content: 'Be polite.',
    providerOptions,
  });
});

it('instructions from an asynchronous function need the option texts', async () => {
  const agent = agentWith({ instructions: async () => 'Be kind.' });
  expect(() => gepa(agent)).toThrow(/asynchronous[\s\S]*support\.instructions/);
  const target = gepa(agent, { texts: { 'support.instructions': 'Be kind.' } });
  expect((await target.apply({ 'support.instructions': 'Be polite.' }).generate('hello')).text).toBe(
    'Be polite. / hello',
  );
});

it.each([
  ['empty', { instructions: '' }, 'The instructions are empty'],
  [
    'throwing',
    {
      instructions: () => {
        throw new Error('no tenant');
      },
    },
    'The function threw "no tenant"',
  ],
])(
  '%s instructions are skipped with a reason, and an agent without other texts is refused',
  (_, more, reason) => {
    expect(() => gepa(agentWith(more))).toThrow(NoComponentsError);
    expect(() => gepa(agentWith(more))).toThrow(reason);
  },
);

it('the option texts accepts every form of instructions', () => {
  const texts = { 'support.instructions': [{ role: 'system', content: 'Be kind.' }] } as const;
  const target = gepa(agentWith({ instructions: async () => '' }), { texts: texts as never });
  expect(seedCandidateOf(target.components)).toEqual({ 'support.instructions': 'Be kind.' });
});

const customers: Record<string, string> = { u1: 'Ada', u2: 'Bob' };
const contextOf = (userId: string) => new RequestContext<unknown>([['userId', userId]]);

it.each([
  ['with the option requestContext', { requestContext: { userId: 'u1' } }],
  ['without it', {}],
])(
  'a text from the option texts that depends on the request is listed in target.skipped and warned about, %s',
  async (_, options) => {
    const agent = agentWith({
      instructions: async ({ requestContext }) => {
        const name = customers[requestContext.get('userId') as string];
        if (name === undefined) throw new Error('No such customer.');
        return `The customer is ${name}.`;
      },
    });
    const texts = {
      'support.instructions': await agent.getInstructions({ requestContext: contextOf('u1') }),
    };
    const target = gepa(agent, { ...options, texts });
    const examples = search.trainset.map((example) => ({ ...example, requestContext: { userId: 'u1' } }));
    const { result } = await target.compile({
      ...search,
      trainset: examples,
      valset: examples,
      propose: async () => ({}),
    });
    const reason = expect.stringContaining('The instructions read userId from the request context');
    expect(target.skipped).toMatchObject([{ location: 'agent support, instructions', reason }]);
    expect(result.warnings).toContainEqual(
      expect.stringContaining('support.instructions: The instructions read userId'),
    );
  },
);

it('of a list from the option texts, only items that depend on the request are warned about, unless they are excluded', async () => {
  const agent = agentWith({
    instructions: async ({ requestContext }) => [
      'Be kind.',
      `The customer is ${requestContext.get('userId')}.`,
    ],
  });
  const texts = { 'support.instructions': await agent.getInstructions({ requestContext: contextOf('u1') }) };
  const warningsWith = async (options: object) => {
    const { result } = await gepa(agent, { texts, ...options }).compile({
      ...search,
      propose: async () => ({}),
    });
    return result.warnings.filter((warning) => warning.includes('request context'));
  };
  expect(await warningsWith({})).toEqual([
    expect.stringMatching(/support\.instructions\.2: .*exclude: \['support\.instructions\.2'\]/),
  ]);
  expect(await warningsWith({ exclude: ['support.instructions.2'] })).toEqual([]);
  const fixed = agentWith({ instructions: async () => 'Be kind.' });
  const target = gepa(fixed, { texts: { 'support.instructions': 'Be kind.' } });
  await target.estimate({ ...search, propose: async () => ({}) });
  expect(target.skipped).toEqual([]);
});

it('default options that depend on the request do not make fixed instructions depend on it, unless they may contain instructions', () => {
  const withOptions = (defaultOptions: (plan: unknown) => object) =>
    gepa(agentWith({ defaultOptions: ({ requestContext }) => defaultOptions(requestContext.get('plan')) }));
  expect(withOptions((plan) => ({ maxSteps: plan === 'pro' ? 10 : 3 })).skipped).toEqual([]);
  expect(
    withOptions((plan) => (plan === undefined ? {} : { instructions: `Serve ${plan}.` })).skipped,
  ).toMatchObject([{ reason: expect.stringContaining('The instructions read plan') }]);
});

it('the warning about instructions that change with the date says how to load them on another day', async () => {
  const agent = agentWith({ instructions: () => `Be kind. It is ${new Date().toDateString()}.` });
  const { result, toJSON } = await gepa(agent).compile({
    ...search,
    propose: async () => ({ 'support.instructions': 'Be polite.' }),
  });
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/support\.instructions: .*`load` refuses a saved text .*ifChanged: 'apply'/),
  );
  const saved = toJSON();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 24 * 3_600_000 });
  try {
    expect(() => load(agent, saved)).toThrow('has changed since it was optimized');
    const loaded = load(agent, saved, { ifChanged: 'apply' });
    expect((await loaded.generate('x')).text).toBe('Be polite. / x');
  } finally {
    vi.useRealTimers();
  }
});

it('instructions in asynchronous default options are asked for before anything is spent', async () => {
  const agent = agentWith({ defaultOptions: async () => ({ instructions: 'Be exact.' }) });
  const options = { examples: [{ input: 'x' }], metric: () => 1 };
  await expect(gepa(agent).evaluate(options)).rejects.toThrow("{ texts: { 'support.instructions': '…' } }");
  const texts = { 'support.instructions': (await agent.getDefaultOptions()).instructions! };
  const target = gepa(agent, { texts });
  expect(target.components).toMatchObject({ 'support.instructions': { text: 'Be exact.' } });
  const { warnings } = await target.evaluate(options);
  expect(warnings).toEqual([]);
  const style = tunable('style', 'Be kind.');
  const excluded = gepa(agent, { tunables: [style], exclude: ['support.instructions'] });
  await expect(excluded.evaluate(options)).resolves.toBeDefined();
  const other = gepa(agentWith({ defaultOptions: async () => ({ maxSteps: 2 }) }));
  expect((await other.evaluate(options)).warnings).toEqual([]);
});

it('asynchronous default options may throw without their request context', async () => {
  const agent = agentWith({
    defaultOptions: async ({ requestContext }) => ({
      maxSteps: (requestContext.get('user') as { steps: number }).steps,
    }),
  });
  const target = gepa(agent, { requestContext: { user: { steps: 1 } } });
  const { warnings } = await target.evaluate({ examples: [{ input: 'x' }], metric: () => 1 });
  expect(warnings).toEqual([]);
});

it('a list that has a text before its only one for some requests stays as the function returns it', () => {
  const items = (...contents: string[]) => contents.map((content) => ({ role: 'system' as const, content }));
  const agent = agentWith({
    instructions: ({ requestContext }) =>
      items(...(requestContext.get('vip') ? ['Be quick.'] : []), 'Be kind.'),
  });
  expect(() => gepa(agent)).toThrow(
    /The instructions read vip from the request context. This item stays .* an item of its own or a tunable\(\)/,
  );
  const growing = agentWith({
    instructions: ({ requestContext }) =>
      items('Be kind.', ...(requestContext.get('vip') ? ['Be quick.'] : [])),
  });
  expect(seedCandidateOf(gepa(growing).components)).toEqual({ 'support.instructions': 'Be kind.' });
});
