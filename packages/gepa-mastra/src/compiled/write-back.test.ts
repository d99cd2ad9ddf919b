import { createTool } from '@mastra/core/tools';
import { tunable } from 'gepa-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AgentConfig,
  proposePolite,
  search,
  supportAgent,
  useEchoServer,
} from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';

const server = useEchoServer();

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

it('writeBack changes the instructions of the live agent, and its undo restores them', async () => {
  const agent = agentWith({ instructions: ['Be kind.'] });
  const compiled = await gepa(agent).compile({ ...search, propose: proposePolite });
  const undo = compiled.writeBack();
  expect((await agent.generate('x')).text).toBe('Be kind and polite. / x');
  undo();
  undo();
  expect(await agent.getInstructions()).toEqual(['Be kind.']);
});

it('writeBack overrides instructions in default options without changing other agents that share them', async () => {
  const defaultOptions = { instructions: 'Be exact.' };
  const agent = agentWith({ defaultOptions });
  const other = agentWith({ id: 'other', defaultOptions });
  const compiled = await gepa(agent).compile({ ...search, propose: proposePolite });
  const undo = compiled.writeBack();
  expect((await agent.generate('hello')).text).toBe('Be kind and polite. / hello');
  expect((await other.generate('hello')).text).toBe('Be exact. / hello');
  undo();
  expect((await agent.generate('hello')).text).toBe('Be exact. / hello');
});

it('writeBack changes tool descriptions that the live agent offers, and its undo restores them', async () => {
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

it('writeBack refuses a tunable, whose text is in the code', async () => {
  const style = tunable('style', 'plain');
  const agent = agentWith({ instructions: () => `Write ${style.text}.` });
  const compiled = await gepa(agent, { tunables: [style], include: ['style'] }).compile({
    ...search,
    propose: async () => ({ style: 'polite prose' }),
  });
  expect(() => compiled.writeBack()).toThrow('Cannot write back style: the text is in the code');
});

it('writeBack changes a sub-agent that a function returns, and refuses one that it creates for each request', async () => {
  const sharedAgent = agentWith({ id: 'expert', instructions: 'Be exact.' });
  const compileWith = (expert: () => typeof sharedAgent) => {
    const agent = agentWith({ agents: () => ({ expert: expert() }) });
    const texts = { 'support.instructions': 'Be polite.', 'expert.instructions': 'Be polite, too.' };
    const run = { ...search, componentSelector: 'all', propose: async () => texts } as const;
    return gepa(agent).compile(run);
  };
  (await compileWith(() => sharedAgent)).writeBack();
  expect(await sharedAgent.getInstructions()).toBe('Be polite, too.');
  const compiled = await compileWith(() => agentWith({ id: 'expert', instructions: 'Be exact.' }));
  expect(() => compiled.writeBack()).toThrow('Cannot write back expert.instructions');
});
