import { ChatPromptTemplate } from '@langchain/core/prompts';
import { OptionsError } from 'gepa-core';
import { expect, it } from 'vitest';
import { gepa } from './gepa.ts';

const prompt = ChatPromptTemplate.fromMessages([['system', 'Some words.']]);

it('gepa throws on a name in include that the program does not have, and lists the names it has', () => {
  expect(() => gepa(prompt, { include: ['sistem'] })).toThrow(/"sistem".*found were system/);
});

it('gepa throws on an unknown option and suggests a similar one', () => {
  // Typed as an object, because TypeScript would reject it.
  const mistyped: object = { includes: ['system'] };
  expect(() => gepa(prompt, mistyped)).toThrow('There is no option "includes"; did you mean "include"?');
});

it.each<[object, string]>([
  [{ include: 'system' }, 'The option "include" must be an array of names'],
  [{ exclude: 3 }, 'The option "exclude" must be an array of names'],
  [{ exclude: [3] }, 'The option "exclude.0" must be a name'],
  [{ rename: 'system' }, 'The option "rename" must be an object of new names by found name'],
  [{ rename: { system: '' } }, 'The option "rename.system" must be a name (got "")'],
  [{ tunables: 'style' }, 'The option "tunables" must be an array of results of `tunable(name, text)`'],
  [{ tunables: ['style'] }, 'The option "tunables.0" must be a result of `tunable(name, text)`'],
  [{ variables: { system: 'tone' } }, 'The option "variables.system" must be an array of words (got "tone")'],
  [{ parts: 'Some words.' }, 'The option "parts" must be an object of parts by name'],
  [{ parts: { rules: '' } }, 'The option "parts.rules" must be a text that is not empty, or a prompt'],
  [{ parts: { rules: undefined } }, 'The option "parts.rules" must be a text'],
  [{ tools: 'yes' }, 'The option "tools" must be `true` or `false`'],
  [{ config: 5 }, 'The option "config" must be an object'],
  [[], 'The options must be an object'],
])('gepa throws on options of the wrong type: %j', (options, message) => {
  const create = () => gepa(prompt, options);
  expect(create).toThrow(OptionsError);
  expect(create).toThrow(message);
});

it('compile throws OptionsError without options', async () => {
  const compile: () => Promise<unknown> = gepa(prompt).compile as never;
  await expect(compile()).rejects.toThrow(OptionsError);
});

it('gepa throws on a config that sets one thread for all rollouts, but accepts a function that does', () => {
  const config = { configurable: { thread_id: 'one' } };
  expect(() => gepa(prompt, { config })).toThrow(/one `thread_id`/);
  expect(() => gepa(prompt, { config: () => config })).not.toThrow();
});
