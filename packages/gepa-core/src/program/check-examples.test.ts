import { expect, it } from 'vitest';
import type { OptionsError } from '../errors.ts';
import { checkExamples } from './check-examples.ts';

it('takes examples whose input is anything but undefined', () => {
  expect(() => checkExamples({ trainset: [{ input: '' }, { input: 0 }, { input: null }] })).not.toThrow();
});

it('tells of all sets at once, and of the first few of each', () => {
  const trainset = [{ input: 'x' }, ...Array.from({ length: 7 }, () => ({ question: 'x' }))];
  try {
    checkExamples({ trainset, testset: ['x', null] });
    expect.unreachable();
  } catch (error) {
    expect((error as OptionsError).problems).toEqual([
      '`trainset` has examples without `input`: trainset[1], trainset[2], trainset[3], trainset[4], trainset[5], ….',
      '`testset` has examples without `input`: testset[0], testset[1].',
    ]);
  }
});

it('leaves what is no list to the check of the options', () => {
  expect(() => checkExamples({ trainset: 'x' as never })).not.toThrow();
});
