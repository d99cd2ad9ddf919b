import { expect, it } from 'vitest';
import { pause } from '../calls/pause.ts';
import { ExampleIndex } from '../search/evaluation/examples.ts';
import { warnAboutData } from './data-warnings.ts';

interface Sets {
  readonly trainset: readonly unknown[];
  readonly valset?: readonly unknown[];
  readonly testset?: readonly unknown[];
}

async function warningsFor({ trainset, valset = trainset, testset = [] }: Sets): Promise<string[]> {
  const index = new ExampleIndex();
  const warnings: string[] = [];
  const refsOf = (set: string, examples: readonly unknown[]) =>
    examples.map((example, position) => index.add(example, set, position));
  const refs = {
    trainset: refsOf('train', trainset),
    valset: refsOf('val', valset),
    testset: refsOf('test', testset),
  };
  await warnAboutData({ trainset, valset }, refs, (warning) => warnings.push(warning), pause);
  return warnings;
}

const ask = (input: string, expected = 'yes') => ({ input, expected });

it('sets without a common example cause no warning', async () => {
  expect(await warningsFor({ trainset: [ask('a')], valset: [ask('b')], testset: [ask('c')] })).toEqual([]);
});

it('validation and test examples that are also in the trainset are counted', async () => {
  const warnings = await warningsFor({
    trainset: [ask('a'), ask('b')],
    valset: [ask('a'), ask('x')],
    testset: [ask('b')],
  });
  expect(warnings).toEqual([
    '1 of the 1 test examples are also in the trainset: the test score is too high. Use each example in one set only.',
    '1 of the 2 validation examples are also in the trainset: the validation score is too high. Use each example in one set only.',
  ]);
});

it('examples that differ in case, spaces or punctuation only count as the same', async () => {
  const [warning] = await warningsFor({
    trainset: [ask('Where is my parcel?')],
    valset: [ask('x')],
    testset: [ask('where is  my parcel')],
  });
  expect(warning).toContain(
    '1 of the 1 test examples are also in the trainset, some with differences in case',
  );
});

it('inputs that differ in a sign or a digit are not the same', async () => {
  const inputs = ['3 + 4', '3 - 4', '3 + 5'];
  const [first, second, third] = inputs.map((input) => ask(input));
  expect(await warningsFor({ trainset: [first], valset: [second], testset: [third] })).toEqual([]);
});

it('one input with two expected outputs is named', async () => {
  const [warning] = (
    await warningsFor({
      trainset: [ask('a', 'yes')],
      valset: [ask('b'), ask('c')],
      testset: [ask('c', 'no')],
    })
  ).filter((text) => text.includes('different expected'));
  expect(warning).toContain('The examples val:1 and test:0 have the same input');
});

it('contradicting examples with one id are told apart by their places', async () => {
  const [warning] = (
    await warningsFor({
      trainset: [{ id: 'a', ...ask('new', 'no') }],
      valset: [{ id: 'a', ...ask('new') }],
    })
  ).filter((text) => text.includes('different expected'));
  expect(warning).toContain('The examples a and a (val:0) have the same input');
});
