import { expect, it } from 'vitest';
import type { OptionsError } from '../errors.ts';
import { checkExamples } from './check-examples.ts';

it('checkExamples accepts any input except undefined', () => {
  expect(() => checkExamples({ trainset: [{ input: '' }, { input: 0 }, { input: null }] })).not.toThrow();
});

it('checkExamples reports all sets in one error and lists the first five examples of each', () => {
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

it('checkExamples ignores a set that is not an array', () => {
  expect(() => checkExamples({ trainset: 'x' as never })).not.toThrow();
});
