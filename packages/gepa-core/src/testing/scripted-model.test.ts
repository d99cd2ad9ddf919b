import { expect, it } from 'vitest';
import { ScriptError, scriptedModel } from './scripted-model.ts';

const ask = (model: ReturnType<typeof scriptedModel>, prompt: string) =>
  model({ prompt, signal: new AbortController().signal });

it('gives its answers in order and keeps the prompts', async () => {
  const model = scriptedModel(['one', (prompt) => `${prompt}!`, { text: 'three', finishReason: 'stop' }]);
  expect([await ask(model, 'a'), await ask(model, 'b'), await ask(model, 'c')]).toEqual([
    'one',
    'b!',
    { text: 'three', finishReason: 'stop' },
  ]);
  expect(model.prompts).toEqual(['a', 'b', 'c']);
  model.assertDone();
});

it('throws the errors of its script', async () => {
  await expect(ask(scriptedModel([new Error('overloaded')]), 'a')).rejects.toThrow('overloaded');
});

it('refuses a call it has no answer for, then and at the end', async () => {
  const model = scriptedModel([]);
  await expect(ask(model, 'a')).rejects.toThrow(ScriptError);
  expect(() => model.assertDone()).toThrow('called 1 times, but has 0 answers');
});

it('tells of answers left over', () => {
  expect(() => scriptedModel(['never']).assertDone()).toThrow('1 are left over');
});
