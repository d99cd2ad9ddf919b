import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../adapter/adapter.ts';
import { createMask } from '../../masking/mask.ts';
import { LearnedFeedback, renderLearned } from './learned.ts';

const rollout = (
  exampleId: string,
  fields: Partial<Rollout<unknown, unknown, unknown>> & { expected?: unknown },
): Rollout<unknown, unknown, unknown> => {
  const { expected, ...rest } = fields;
  return { example: { input: exampleId, expected }, exampleId, score: 0, ...rest };
};

async function learnedFrom(
  rollouts: readonly Rollout<unknown, unknown, unknown>[],
  {
    component = 'a',
    redact,
    showExpected = false,
  }: { component?: 'a' | 'b'; redact?: (text: string) => string; showExpected?: boolean } = {},
) {
  const learned = new LearnedFeedback({
    names: ['a', 'b'],
    perfectScore: 1,
    mask: createMask({ redact }),
    showExpected,
  });
  await learned.add(rollouts);
  return learned.of(component);
}

const texts = (findings: readonly { text: string }[]) => findings.map(({ text }) => text);

describe('what the feedback of a run reveals', () => {
  it('an expected answer counts as known once the feedback names it, and not before', async () => {
    const { answers } = await learnedFrom([
      rollout('1', { expected: 'billing', feedback: 'Expected "billing", got "sales".' }),
      rollout('2', { expected: 'refund', feedback: 'Wrong.' }),
      rollout('3', { expected: { label: 'cancel', priority: 3 }, feedback: 'The label is cancel.' }),
      rollout('4', { expected: 'no', feedback: 'There is no reason given.' }),
    ]);
    expect(texts(answers)).toEqual(['billing', 'cancel']);
  });

  it('remarks that differ in quoted words count as one, which keeps the words that were wanted', async () => {
    const learned = await learnedFrom([
      rollout('1', { feedback: 'Got "sales", expected "billing".' }),
      rollout('2', { feedback: 'Got "sales", expected "refund".' }),
      rollout('3', { feedback: 'Got "spam", expected "cancel".' }),
    ]);
    expect(learned.demands).toEqual([
      {
        text: 'Got "spam", expected "cancel".',
        exampleIds: ['1', '2', '3'],
        variants: ['"billing"', '"refund"'],
      },
    ]);
    expect(renderLearned(learned, new Set())).toContain(
      '- Got "spam", expected "cancel". (on 3 examples, also with "billing", "refund")',
    );
  });

  it('with showExpected every expected answer is known', async () => {
    const { answers } = await learnedFrom([rollout('2', { expected: 'refund', feedback: 'Wrong.' })], {
      showExpected: true,
    });
    expect(texts(answers)).toEqual(['refund']);
  });

  it('an output with a perfect score is a right answer', async () => {
    const { answers, demands } = await learnedFrom([
      rollout('1', { output: 'technical', score: 1, feedback: 'Correct.' }),
      rollout('2', { output: 'sales', score: 0 }),
      rollout('3', { output: 'a long answer '.repeat(20), score: 1 }),
    ]);
    expect(texts(answers)).toEqual(['technical']);
    expect(demands).toEqual([]);
  });

  it('remarks that differ only in quoted words and numbers are one demand, with the examples that it was made on', async () => {
    const { demands } = await learnedFrom([
      rollout('1', { feedback: 'Expected "billing", got "sales".\nUse at most 10 words.' }),
      rollout('2', { feedback: 'Expected "refund", got "sales".' }),
      rollout('2', { feedback: 'Expected "refund", got "other".' }),
    ]);
    expect(demands).toEqual([
      { text: 'Expected "refund", got "other".', exampleIds: ['1', '2'], variants: ['"billing"'] },
      { text: 'Use at most 10 words.', exampleIds: ['1'] },
    ]);
  });

  it('feedback for one component is learned for that component only', async () => {
    const rollouts = [rollout('1', { feedback: 'For all.', componentFeedback: { a: 'For a.' } })];
    expect(texts((await learnedFrom(rollouts)).demands)).toEqual(['For a.']);
    expect(texts((await learnedFrom(rollouts, { component: 'b' })).demands)).toEqual(['For all.']);
  });

  it('the message of a failed rollout is no demand', async () => {
    const { demands } = await learnedFrom([rollout('1', { feedback: 'The program failed: x', error: 'x' })]);
    expect(demands).toEqual([]);
  });

  it('what is learned is masked', async () => {
    const { demands } = await learnedFrom([rollout('1', { feedback: 'Ask Ada.' })], {
      redact: (text) => text.replaceAll('Ada', '[name]'),
    });
    expect(texts(demands)).toEqual(['Ask [name].']);
  });
});

describe('the section on what was learned', () => {
  it('lists the right answers and the demands made on other examples', async () => {
    const learned = await learnedFrom([
      rollout('1', { expected: 'billing', feedback: 'Expected billing.' }),
      rollout('2', { expected: 'refund', feedback: 'Expected refund. Name the order.' }),
      rollout('3', { feedback: 'Say please.' }),
    ]);
    expect(renderLearned(learned, new Set(['3']))).toBe(
      'Right answers seen so far: "billing", "refund"\n\n' +
        'Feedback on other examples so far:\n- Expected refund. Name the order.\n- Expected billing.',
    );
  });

  it('a task with a new number for every example has no list of answers', async () => {
    const rollouts = Array.from({ length: 9 }, (_, i) =>
      rollout(`${i}`, { output: String(i * 7 + 1_000), score: 1 }),
    );
    expect(renderLearned(await learnedFrom(rollouts), new Set())).toBeUndefined();
  });

  it('the section is bounded', async () => {
    const rollouts = Array.from({ length: 500 }, (_, i) =>
      rollout(`${i}`, {
        feedback: `${'abcdefghij'[i % 10]}${'klmnopqrst'[Math.floor(i / 10) % 10]} ${'wrong '.repeat(40)}`,
      }),
    );
    expect(renderLearned(await learnedFrom(rollouts), new Set())!.length).toBeLessThan(2_000);
  });
});
