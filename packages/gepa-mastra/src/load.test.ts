import { Agent } from '@mastra/core/agent';
import * as errors from 'gepa-core';
import { loadSuite } from 'gepa-test-server/suites';
import { expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { type LoadOptions, load, type SavedCandidate } from './load.ts';

const agentWith = (instructions: ConstructorParameters<typeof Agent>[0]['instructions']) =>
  new Agent({ id: 'support', name: 'Support', instructions, model: 'openai/gpt-4.1-nano' });
const agent = agentWith('Be kind.');

const saved: SavedCandidate = {
  format: 'gepa-candidate',
  version: 1,
  texts: { 'support.instructions': 'Be polite.' },
  original: { 'support.instructions': 'Serve gold.' },
  scores: { validation: { seed: 0.5, best: 1 } },
};

loadSuite<Agent, LoadOptions>('an agent', {
  errors,
  component: 'support.instructions',
  programWith: agentWith,
  outputOf: async (program) => String(await program.getInstructions()),
  outputWith: (text) => text,
  withoutTexts: agentWith(''),
  load,
  loadByTarget: (program, candidate, { ifChanged: _, ...options }) =>
    gepa(program, options as never).load(candidate),
  renaming: { rename: { 'support.instructions': 'tone' }, config: { maxSteps: 2 } },
  applying: { ifChanged: 'apply' },
  refused: [
    {
      what: 'an option that does not exist',
      call: () => load(agent, saved, { rename_: {} } as never),
      message: 'There is no option "rename_"; did you mean "rename"?',
    },
    {
      what: 'a program that is no agent and no workflow',
      call: () => load({} as never, saved),
      message: 'workflow',
    },
    {
      what: 'a part without texts',
      call: () => load(agent, saved, { parts: { other: agentWith('') } }),
      message: '`parts.other` has no text to optimize. gepa(program, options) says why.',
    },
  ],
});

it('load refers to gepa, which has the reasons, when the program has no text', () => {
  const empty = agentWith('');
  expect(() => load(empty, saved)).toThrow(
    'There is no text to optimize in support. gepa(program, options) says why.',
  );
  expect(() => gepa(empty)).toThrow('support.\n- agent support, instructions: The instructions are empty.');
});

it('load evaluates dynamic instructions with the request context of the options', async () => {
  const dynamic = agentWith(({ requestContext }) => `Serve ${requestContext.get('tier')}.`);
  const loaded = load(dynamic, saved, { requestContext: { tier: 'gold' } });
  expect(await loaded.getInstructions()).toBe('Be polite.');
});
