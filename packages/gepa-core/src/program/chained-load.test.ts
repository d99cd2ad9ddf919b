import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runCli } from '../cli/cli.ts';
import { CandidateMismatchError } from '../errors.ts';
import type { LanguageModel } from '../language-model.ts';
import type { SavedCandidate } from '../saved/saved-candidate.ts';
import { loadProgram } from './load-program.ts';
import { createTarget } from './target.ts';

interface Program {
  readonly text: string;
}

const inCode: Program = { text: 'Answer.' };
const textsOf = (program: Program) => ({
  components: { prompt: { text: program.text } },
  apply: ({ prompt = program.text }: Readonly<Record<string, string>>): Program => ({ text: prompt }),
});

/** A program that scores by how often its text says "please". */
const targetOf = (program: Program) =>
  createTarget<Program, string, string, 'prompt', LanguageModel>(
    {
      ...textsOf(program),
      adapter: (components) => ({
        components,
        models: ['small'],
        run: async ({ prompt = '' }) => ({ output: prompt }),
      }),
      languageModel: (model) => model,
    },
    {},
  );

const compile = (program: Program, runDir?: string) =>
  targetOf(program).compile({
    runDir,
    trainset: [{ input: 'a' }, { input: 'b' }],
    valset: [{ input: 'c' }],
    metric: ({ output }: { output: string }) => Math.min(1, output.split('please').length / 10),
    reflectionModel: Object.assign(
      async ({ prompt }: { prompt: string }) => `\`\`\`\n${/Answer.*/.exec(prompt)![0]} please\n\`\`\``,
      { modelName: 'large' },
    ),
    maxIterations: 1,
  });

/** A file as it is read back. */
const file = (saved: SavedCandidate): SavedCandidate => JSON.parse(JSON.stringify(saved));

it('a program that was loaded and optimized again saves texts that fit the program in code', async () => {
  const first = file((await compile(inCode)).toJSON());
  const loaded = targetOf(inCode).load(first);
  expect(loaded.text).toBe('Answer. please');

  const second = file((await compile(loaded)).toJSON());
  expect(second).toMatchObject({
    original: { prompt: 'Answer.' },
    seed: { prompt: 'Answer. please' },
    texts: { prompt: 'Answer. please please' },
  });
  expect(targetOf(inCode).load(second).text).toBe('Answer. please please');
  expect(loadProgram(textsOf(inCode), second).text).toBe('Answer. please please');
  // Also over the program that it was made from, in a process that knows nothing of it.
  expect(loadProgram(textsOf({ text: 'Answer. please' }), second).text).toBe('Answer. please please');
});

it('a program that was loaded by the entry for production keeps its originals too', async () => {
  const first = file((await compile(inCode)).toJSON());
  const again = await compile(loadProgram(textsOf(inCode), first));
  expect(again.toJSON().original).toEqual({ prompt: 'Answer.' });
});

it('what was saved from a loaded program is refused once the text in code has changed', async () => {
  const loaded = targetOf(inCode).load(file((await compile(inCode)).toJSON()));
  const second = file((await compile(loaded)).toJSON());
  const load = () => loadProgram(textsOf({ text: 'Answer in French.' }), second);
  expect(load).toThrow(CandidateMismatchError);
  expect(load).toThrow(expect.objectContaining({ changed: ['prompt'] }));
});

it('a saved candidate says where it comes from', async () => {
  const { toJSON, result } = await compile(inCode);
  expect(toJSON().provenance).toEqual({
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    runId: result.runId,
    packages: { 'gepa-core': expect.stringMatching(/^\d+\.\d+\.\d+/) },
    models: { task: ['small'], reflection: 'large' },
    data: {
      trainset: { size: 2, digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
      valset: { size: 1, digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
      testset: { size: 0, digest: expect.any(String) },
    },
    candidate: 1,
    parents: [0],
    validation: { examples: 1, interval: [0.2, 0.2] },
    metricCalls: result.totalMetricCalls,
  });
});

it('the command `export` writes what `save` writes of a program that was loaded and optimized again', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gepa-export-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const loaded = targetOf(inCode).load(file((await compile(inCode)).toJSON()));
  const saved = file((await compile(loaded, join(root, 'run'))).toJSON());

  const printed: string[] = [];
  const code = await runCli(['export', join(root, 'run')], {
    out: (text) => printed.push(text),
    err: (text) => printed.push(text),
    color: false,
  });
  const exported: SavedCandidate = JSON.parse(printed.join(''));
  const sizes = (data: NonNullable<SavedCandidate['provenance']>['data']) =>
    Object.entries(data).map(([set, { size }]) => [set, size]);
  expect(code).toBe(0);
  expect(sizes(exported.provenance!.data)).toEqual(sizes(saved.provenance!.data));
  expect({
    ...exported,
    provenance: { ...exported.provenance, date: '', data: {} },
  }).toEqual({ ...saved, provenance: { ...saved.provenance, date: '', data: {} } });
  expect(targetOf(inCode).load(exported).text).toBe('Answer. please please');
});
