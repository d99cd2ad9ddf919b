import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { assertNotWorse, type EvaluationReport } from 'gepa-core';
import { expect, expectTypeOf, it } from 'vitest';
import { gepa } from './gepa.ts';

const chain = ChatPromptTemplate.fromMessages([
  ['system', 'Be kind.'],
  ['human', 'Reply to {mail}'],
]).pipe(RunnableLambda.from((prompt) => prompt.toString()));
const texts = { system: 'Be kind and polite.', human: 'Reply to {mail}' };
const examples = [{ input: { mail: 'a letter' } }, { input: { mail: 'a polite letter' } }];
const metric = ({ output }: { output: string }) => ({ score: output.includes('polite') });

it('evaluate compares candidates of a chain, and the chain itself stays unchanged', async () => {
  const target = gepa(chain);
  const report = await target.evaluate({ examples, metric, candidates: { production: 'seed', new: texts } });
  expect(report.compare('production', 'new')).toMatchObject({ difference: 0.5, wins: 1, losses: 0, ties: 1 });
  expect(report.candidates.new.examples[0]!.rollouts[0]!.output).toContain('Be kind and polite.');
  assertNotWorse(report, { than: 'production' });
  expect(await chain.invoke({ mail: 'x' })).toContain('System: Be kind.\n');
});

it('evaluate refuses examples without an input and candidates that lose a placeholder', async () => {
  const target = gepa(chain);
  await expect(target.evaluate({ examples: [{} as never], metric })).rejects.toThrow('without `input`');
  const candidates = { broken: { ...texts, human: 'Reply.' } };
  await expect(target.evaluate({ examples, metric, candidates })).rejects.toThrow('{mail}');
});

it('the names of candidates and components of an evaluation are inferred', async () => {
  const target = gepa(chain, { include: ['system'] });
  const report = await target.evaluate({ examples, metric, candidates: { a: 'seed', b: { system: 'B.' } } });
  expectTypeOf(report).toEqualTypeOf<EvaluationReport<'a' | 'b', 'system', string>>();
  // @ts-expect-error There is no candidate c.
  expect(() => report.compare('a', 'c')).toThrow(RangeError);
});
