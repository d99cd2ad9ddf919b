import { describe, expect, it } from 'vitest';
import { answerInInput, expectedOf, inputOf } from './example-parts.ts';

describe('the parts of an example', () => {
  it.each([
    'answer',
    'Answer',
    'label',
    'gold',
    'reference',
    'target',
    'ground_truth',
    'answer_key',
    'truth',
    'groundTruth',
    'Ground Truth',
    'solution',
    'expected_output',
    'correctAnswer',
    'EXPECTED',
  ])('the field %s of an example without an input is the expected value', (name) => {
    const example = { question: 'Who?', [name]: 'Ada' };
    expect(inputOf(example)).toEqual({ question: 'Who?' });
    expect(expectedOf(example)).toBe('Ada');
    expect(answerInInput(example)).toBeUndefined();
  });

  it.each(['labels', 'references', 'answered', 'targets', 'goldfish', 'outputFormat'])(
    'the field %s is a part of the input',
    (name) => {
      expect(inputOf({ question: 'Who?', [name]: 'x' })).toEqual({ question: 'Who?', [name]: 'x' });
    },
  );

  it('an example of nothing but such a field has its input there', () => {
    expect(inputOf({ id: 'a', output: 'x' })).toEqual({ id: 'a', output: 'x' });
    expect(expectedOf({ id: 'a', output: 'x' })).toBeUndefined();
  });

  it.each([
    [{ input: { question: 'Who?', Answer: 'Ada' } }, 'Answer'],
    [{ question: 'Who?', meta: { gold: 'Ada' } }, 'meta.gold'],
    [{ input: { question: 'Who?', data: { ground_truth: 'Ada' } }, expected: 'Ada' }, 'data.ground_truth'],
  ])('an answer that an input shows is found: %j', (example, field) => {
    expect(answerInInput(example)).toBe(field);
  });

  it.each([
    { input: { question: 'Who?', answer: 'Ada' }, expected: 'right' },
    { question: 'Who?', answer: { text: 'Ada', label: 'x' } },
    { input: { answer: 'Ada' } },
    { input: 'Who?' },
    'Who?',
    null,
  ])('an input that only may be one is not taken for the answer: %j', (example) => {
    expect(answerInInput(example)).toBeUndefined();
  });
});
