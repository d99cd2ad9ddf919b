import { NoComponentsError } from 'gepa-core';
import { seedCandidateOf } from 'gepa-core/adapter';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentConfig, startEchoServer, supportAgent } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import type { OpenAIServer } from '../testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.close());

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

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
