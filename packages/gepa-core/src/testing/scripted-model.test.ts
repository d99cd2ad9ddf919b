import { expect, it } from 'vitest';
import { ScriptError, scriptedModel } from './scripted-model.ts';

const ask = (model: ReturnType<typeof scriptedModel>, prompt: string) =>
  model({ prompt, signal: new AbortController().signal });

it('a scripted model returns its answers in order and records the prompts', async () => {
  const model = scriptedModel(['one', (prompt) => `${prompt}!`, { text: 'three', finishReason: 'stop' }]);
  expect([await ask(model, 'a'), await ask(model, 'b'), await ask(model, 'c')]).toEqual([
    'one',
    'b!',
    { text: 'three', finishReason: 'stop' },
  ]);
  expect(model.prompts).toEqual(['a', 'b', 'c']);
  model.assertDone();
});

it('a scripted model throws the errors in its script', async () => {
  await expect(ask(scriptedModel([new Error('overloaded')]), 'a')).rejects.toThrow('overloaded');
});

it('a scripted model throws on a call without an answer, and assertDone then throws too', async () => {
  const model = scriptedModel([]);
  await expect(ask(model, 'a')).rejects.toThrow(ScriptError);
  expect(() => model.assertDone()).toThrow('called 1 times, but has 0 answers');
});

it('assertDone of a scripted model throws when answers are left over', () => {
  expect(() => scriptedModel(['never']).assertDone()).toThrow('1 are left over');
});
