import { ChatPromptTemplate } from '@langchain/core/prompts';
import { type Runnable, RunnableLambda } from '@langchain/core/runnables';
import * as errors from 'gepa-core';
import { loadSuite } from 'gepa-test-server/suites';
import { expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { type LoadOptions, load, type SavedCandidate, tunable } from './load.ts';

const policy = tunable('policy', 'No refunds.');
const chainWith = (system: string) =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', 'Reply to {mail}'],
  ]).pipe(RunnableLambda.from((prompt) => `${prompt.toString()} / ${policy.text}`));
const chain = chainWith('Be kind.');

const original = { system: 'Be kind.', human: 'Reply to {mail}', policy: 'No refunds.' };
const texts = {
  system: 'Be brief.',
  human: 'Answer {mail}',
  policy: 'Refunds within 30 days.',
};
const saved: SavedCandidate = {
  format: 'gepa-candidate',
  version: 1,
  texts,
  original,
  scores: { validation: { seed: 0.5, best: 1 } },
};
const optimized = 'System: Be brief.\nHuman: Answer a letter / Refunds within 30 days.';

const ask = { mail: 'a letter' };

loadSuite<Runnable<{ mail: string }, string>, LoadOptions>('a chain', {
  errors,
  component: 'system',
  otherTexts: { human: 'Reply to {mail}' },
  programWith: chainWith,
  outputOf: (program) => program.invoke(ask),
  outputWith: (text) => `System: ${text}\nHuman: Reply to a letter / No refunds.`,
  withoutTexts: RunnableLambda.from(({ mail }) => mail),
  load,
  loadByTarget: (program, file, { ifChanged: _, ...options }) => gepa(program, options as never).load(file),
  renaming: { include: ['system'], rename: { system: 'tone' }, config: { runName: 'triage' } },
  applying: { ifChanged: 'apply' },
  refused: [
    {
      what: 'an option that does not exist',
      call: () => load(chain, saved, { tunable: [policy] } as never),
      message: 'There is no option "tunable"; did you mean "tunables"?',
    },
    {
      what: 'an option of the wrong kind',
      call: () => load(chain, saved, { tools: 'all' } as never),
      message: 'tools',
    },
  ],
});

it('load applies the texts of prompts and tunables alike', async () => {
  const before = await chain.invoke(ask);
  expect(await load(chain, saved, { tunables: [policy] }).invoke(ask)).toBe(optimized);
  expect(await chain.invoke(ask)).toBe(before);
});

it('load refuses a tunable whose text has changed since, unless ifChanged is "apply"', async () => {
  const changed = { ...saved, original: { ...original, policy: 'Ask a manager.' } };
  expect(() => load(chain, changed, { tunables: [policy] })).toThrow(errors.CandidateMismatchError);
  const loaded = load(chain, changed, { tunables: [policy], ifChanged: 'apply' });
  expect(await loaded.invoke(ask)).toBe(optimized);
});

it('load keeps the texts for tunables that the program got from an earlier candidate', async () => {
  const first = load(chain, saved, { tunables: [policy] });
  const options = { include: ['system'] };
  const second = {
    ...saved,
    texts: { system: 'Be formal.' },
    original: { system: 'Be brief.' },
  };
  expect(await load(first, second, options).invoke(ask)).toBe(
    'System: Be formal.\nHuman: Answer a letter / Refunds within 30 days.',
  );
});

it('load and gepa(program).load apply a saved text that is no component by default', async () => {
  const labelled = ChatPromptTemplate.fromMessages([
    ['system', 'Be kind.'],
    ['human', 'Mail: {mail}\nReply:'],
  ]).pipe(RunnableLambda.from(String));
  const file: SavedCandidate = {
    ...saved,
    texts: { system: 'Be brief.', question: 'The mail: {mail}\nThe reply:' },
    original: { system: 'Be kind.', question: 'Mail: {mail}\nReply:' },
  };
  const options = { rename: { human: 'question' } };
  expect(gepa(labelled).components).not.toHaveProperty('human');
  const { question: _, ...onlySystem } = file.texts;
  for (const program of [
    load(labelled, { ...file, texts: { ...onlySystem, human: file.texts.question! } }),
    gepa(labelled, { include: ['system', 'human'], ...options }).load(file),
    load(labelled, file, options),
  ]) {
    expect(await program.invoke(ask)).toContain('The mail: a letter');
  }
  expect(await load(labelled, { ...file, texts: onlySystem }).invoke(ask)).toContain('Mail: a letter');
});

it('load without the parts or tunables that the texts were saved with asks for them', () => {
  expect(() => load(chain, saved)).toThrow(
    "the program has no component policy. The program's components are system, human. Pass the options that it was optimized with.",
  );
  expect(() =>
    load(
      RunnableLambda.from(() => policy.text),
      saved,
    ),
  ).toThrow('The program has no text. Pass `parts` and `tunables`.');
});

it.each([
  ['gepa(program).load', (options: object) => gepa(chain, options).load(saved)],
  ['load', (options: object) => load(chain, saved, options)],
])(
  'a program from %s that is optimized again saves texts that fit the program in code',
  async (_, loadFirst) => {
    const options = { tunables: [policy] };
    const again = await gepa(loadFirst(options), options).compile({
      trainset: [{ input: ask }],
      metric: ({ output }: { output: unknown }) => (String(output).includes('14 days') ? 1 : 0.5),
      propose: async ({ candidate }) => ({ ...candidate, policy: 'Refunds within 14 days.' }),
      maxIterations: 1,
    });
    const second: SavedCandidate = JSON.parse(JSON.stringify(again.toJSON()));
    expect(second).toMatchObject({
      original,
      seed: texts,
      texts: { ...texts, policy: 'Refunds within 14 days.' },
    });
    const loaded = await load(chain, second, options).invoke(ask);
    expect(loaded).toBe('System: Be brief.\nHuman: Answer a letter / Refunds within 14 days.');
    const changed = { ...second, original: { ...original, policy: 'Ask a manager.' } };
    expect(() => load(chain, changed, options)).toThrow(errors.CandidateMismatchError);
  },
);

it('a part that was loaded and optimized again saves texts that fit the part in code', async () => {
  const part = ChatPromptTemplate.fromMessages([['system', 'Be kind.']]);
  const program = RunnableLambda.from(async (input: object) => String(await part.invoke(input)));
  const options = { parts: { tone: part } };
  const first = { ...saved, texts: { 'tone.system': 'Be brief.' }, original: { 'tone.system': 'Be kind.' } };
  const again = await gepa(gepa(program, options).load(first), options).compile({
    trainset: [{ input: ask }],
    metric: ({ output }: { output: unknown }) => (String(output).includes('gentle') ? 1 : 0.5),
    propose: async () => ({ 'tone.system': 'Be gentle.' }),
    maxIterations: 1,
  });
  const second: SavedCandidate = JSON.parse(JSON.stringify(again.toJSON()));
  expect(second).toMatchObject({
    original: { 'tone.system': 'Be kind.' },
    texts: { 'tone.system': 'Be gentle.' },
  });
  expect(await load(program, second, options).invoke(ask)).toContain('Be gentle.');
});
