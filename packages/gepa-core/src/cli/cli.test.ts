// @module-tag slow
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate/evaluate.ts';
import type { EvaluationReport } from '../evaluate/evaluation-report.ts';
import { optimize } from '../optimize.ts';
import type { OptimizationResult } from '../result.ts';
import { parseSavedCandidate } from '../saved/saved-candidate.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { VERSION } from '../version.ts';
import { runCli } from './cli.ts';

let root: string;
let runDir: string;
let result: OptimizationResult;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gepa-cli-'));
  runDir = join(root, 'runs', 'one');
  mkdirSync(join(root, 'empty'));
  result = await optimize(
    tokenRun({ maxMetricCalls: 150, testset: tokenExamples('tests', 3), runDir }).options,
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function gepa(...args: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
    color: false,
  });
  return { code, out, err };
}

/** Runs the bin as a shell does. */
function bin(...args: string[]): Promise<Outcome> {
  const main = join(import.meta.dirname, 'main.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=gepa-source', main, ...args],
      { cwd: root },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      },
    );
  });
}

const json = async (...args: string[]) => JSON.parse((await gepa(...args, '--json')).out);

describe('gepa on the command line', () => {
  it('the bin writes to stdout and stderr, and exits with the code of its command', async () => {
    const [fine, wrong] = await Promise.all([
      bin('show', 'runs/one'),
      bin('show', 'runs/one', '--candidate', 'x'),
    ]);
    expect([fine.code, fine.err, wrong.code, wrong.out]).toEqual([0, '', 2, '']);
    expect(fine.out).toBe((await gepa('show', runDir)).out);
  });

  it('gepa without a command prints the commands to stderr and exits with 2; gepa --help prints them to stdout and exits with 0', async () => {
    const [bare, help] = await Promise.all([gepa(), gepa('--help')]);
    expect([bare.code, bare.out, help.code, help.err]).toEqual([2, '', 0, '']);
    expect(help.out).toBe(bare.err);
    for (const name of ['report', 'watch', 'show', 'diff', 'ls', 'export'])
      expect(help.out).toContain(`  ${name} `);
  });

  it('each command explains its options', async () => {
    const [one, other] = await Promise.all([gepa('help', 'show'), gepa('show', '--help')]);
    expect(one).toEqual(other);
    expect(one.out).toContain('--candidate N');
    expect((await gepa('--version')).out).toBe(`${VERSION}\n`);
  });

  it('help and the text of a run fit the width of the terminal, broken between words', async () => {
    const { isTTY, columns } = process.stdout;
    Object.assign(process.stdout, { isTTY: true, columns: 60 });
    try {
      const outcomes = await Promise.all([gepa('--help'), gepa('help', 'show'), gepa('show', runDir)]);
      for (const { out } of outcomes) {
        const tooWide = out.split('\n').filter((line) => line.length > 60 && !line.startsWith('Usage: '));
        expect(tooWide).toEqual([]);
      }
      expect(outcomes[0].out).toContain(
        '\n  ls [DIR] [--json]\n      Lists the runs in a directory, the newest first\n',
      );
    } finally {
      Object.assign(process.stdout, { isTTY, columns });
    }
  });

  it('an unknown command, option or candidate exits with 2 and says what there is', async () => {
    const [command, option, missing, candidate] = await Promise.all([
      gepa('shwo', runDir),
      gepa('show', runDir, '--candidat', '1'),
      gepa('show'),
      gepa('show', runDir, '--candidate', '99'),
    ]);
    for (const { code, out } of [command, option, missing, candidate]) expect([code, out]).toEqual([2, '']);
    expect(command.err).toContain('There is no command "shwo"');
    expect(option.err).toContain('Usage: gepa show RUN');
    expect(candidate.err).toContain(`the run has ${result.candidates.length} candidates`);
  });

  it.each([
    ['watch', '--port', ''],
    ['report', '--max-mb', ''],
    ['report', '--output', ''],
    ['export', '--output', ''],
    ['export', '--candidate', ''],
    ['show', '--example', ''],
  ])(
    'gepa %s with an empty %s exits with 2 instead of using another value',
    async (command, option, value) => {
      const { code, out, err } = await gepa(command, runDir, option, value);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(`${option} is empty`);
    },
  );

  it('examples with one id are shown one by one, and all have their scores', async () => {
    const folder = join(root, 'same-ids');
    const valset = tokenExamples('valid', 4).map((example) => ({ ...example, id: 'same' }));
    const { candidates } = await optimize(tokenRun({ valset, maxMetricCalls: 30, runDir: folder }).options);
    const ids = ['same', 'same (val:1)', 'same (val:2)', 'same (val:3)'];
    const { scores } = await json('show', folder, '--candidate', 'seed');
    expect(scores).toEqual(Object.fromEntries(ids.map((id, i) => [id, candidates[0]!.scores[i]])));
    for (const [i, id] of ids.entries()) {
      const { rollouts } = await json('show', folder, '--example', id, '--candidate', 'seed');
      expect(rollouts).toMatchObject([{ candidate: 0, score: candidates[0]!.scores[i] }]);
    }
    const events = readFileSync(join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
    const seed = events.map((line) => JSON.parse(line)).find(({ type }) => type === 'candidate_added');
    expect(Object.keys(seed.scoresById)).toEqual(ids);
  });

  it('a run of another version of the format exits with 1 and says so, also when it is to be watched', async () => {
    const newer = join(root, 'newer');
    mkdirSync(newer);
    writeFileSync(
      join(newer, 'journal.jsonl'),
      '{"type":"run","format":"gepa-run","version":99,"runId":"a"}\n',
    );
    for (const command of ['show', 'watch', 'report']) {
      const { code, err } = await gepa(command, newer);
      expect([command, code]).toEqual([command, 1]);
      expect(err).toContain('it has version 99');
    }
    rmSync(newer, { recursive: true });
  });

  it('a directory without a run exits with 1 and no stack', async () => {
    const [absent, empty] = await Promise.all([
      gepa('show', join(root, 'nowhere')),
      gepa('show', join(root, 'empty')),
    ]);
    expect([absent.code, empty.code]).toEqual([1, 1]);
    expect(absent.err).toContain('There is no run directory');
    expect(`${absent.err}${empty.err}`).not.toContain('    at ');
  });

  it('show prints the verdict and the candidates, best first', async () => {
    const { code, out } = await gepa('show', runDir);
    expect(code).toBe(0);
    expect(out).toContain(`Candidate ${result.bestIndex} `);
    expect(out).toContain(`* ${String(result.bestIndex).padStart(3)}  ${result.bestScore.toFixed(3)}`);
    const data = await json('show', runDir);
    expect(data).toMatchObject({ runId: result.runId, state: 'ended', bestIndex: result.bestIndex });
    expect(data.candidates).toHaveLength(result.candidates.length);
  });

  it('show --candidate gives texts, and scores by the id of their example', async () => {
    const best = result.candidates[result.bestIndex]!;
    const data = await json('show', runDir, '--candidate', 'best');
    expect(data.texts).toEqual(best.texts);
    expect(data.scores['valid-0']).toBe(best.scores[0]);
    expect((await gepa('show', runDir, '--candidate', '0')).out).toContain('── extract\nbase');
  });

  it('show --example gives every output, or that of one candidate', async () => {
    const all = await json('show', runDir, '--example', 'valid-0');
    expect(all.rollouts.length).toBeGreaterThan(1);
    const seed = await json('show', runDir, '--example', 'valid-0', '--candidate', 'seed');
    expect(seed.rollouts).toHaveLength(1);
    expect(seed.rollouts[0]).toMatchObject({ candidate: 0, score: result.candidates[0]!.scores[0] });
    expect((await gepa('show', runDir, '--example', 'valid-0')).out).toContain('── seed, seed: ');
  });

  it('diff compares two candidates, by default seed and best', async () => {
    const [plain, named] = await Promise.all([gepa('diff', runDir), gepa('diff', runDir, 'seed', 'best')]);
    expect(plain).toEqual(named);
    expect(plain.out).toContain('base');
    const data = await json('diff', runDir, '0', String(result.bestIndex));
    const [name] = Object.keys(data.components) as [string];
    expect(data.components[name]).toEqual({ before: 'base', after: result.bestCandidate[name] });
  });

  it('ls lists the runs below a directory', async () => {
    const { out } = await gepa('ls', root);
    expect(out).toContain('runs/one');
    expect(await json('ls', join(root, 'runs'))).toMatchObject([
      { path: 'one', best: result.bestIndex, testGain: result.test!.gain },
    ]);
    const none = await gepa('ls', join(root, 'empty'));
    expect([none.code, none.out]).toEqual([0, '']);
  });

  describe('on the directory of an evaluation', () => {
    let evaluation: string;
    let report: EvaluationReport<'production' | 'new'>;
    beforeAll(async () => {
      evaluation = join(root, 'evaluation');
      report = await evaluate({
        seedCandidate: { prompt: 'Answer.' },
        run: async ({ prompt }, { input }: { input: string }) => ({
          output: prompt.includes('capitals') ? input.toUpperCase() : input,
        }),
        examples: [...'abcdefg'].map((input) => ({ id: `word-${input}`, input })),
        metric: ({ output }) => Number(/[A-Z]/.test(output)),
        candidates: { production: 'seed', new: { prompt: 'Answer in capitals.' } },
        runDir: evaluation,
      });
    });

    it('show prints the table and the comparison that the report prints', async () => {
      const { out } = await gepa('show', evaluation);
      expect(out).toBe(`${report}\n\n${report.compare('production', 'new')}\n`);
      expect(out).toContain('"new" is better than "production".');
      expect(await json('show', evaluation)).toMatchObject({
        stopReason: 'evaluated',
        candidates: [
          { name: 'production', mean: 0 },
          { name: 'new', mean: 1 },
        ],
        comparisons: [JSON.parse(JSON.stringify(report.compare('production', 'new')))],
      });
    });

    it('show, diff and report take the names of its candidates', async () => {
      const { out } = await gepa('show', evaluation, '--candidate', 'new');
      expect(out).toContain('new: 1.000 on 7 examples');
      expect(out).toContain('Answer in capitals.');
      const example = await gepa('show', evaluation, '--example', 'word-a');
      expect(example.out).toContain('── production: 0.000');
      expect(example.out).toContain('── new: 1.000\noutput: A');
      expect(await json('diff', evaluation, 'new', 'production')).toEqual({
        a: 1,
        b: 0,
        components: { prompt: { before: 'Answer in capitals.', after: 'Answer.' } },
      });
      expect((await gepa('diff', evaluation)).out).toContain('capitals');
      const page = await gepa('report', evaluation, '-o', join(root, 'evaluation.html'));
      expect([page.code, existsSync(join(root, 'evaluation.html'))]).toEqual([0, true]);
      expect(await json('ls', evaluation)).toMatchObject([{ kind: 'evaluation', state: 'ended' }]);
    });

    it('an unknown name lists the candidates of the evaluation, and export explains that it is for runs of optimize', async () => {
      const wrong = await gepa('show', evaluation, '--candidate', 'best');
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('has production, new.')]);
      const none = await gepa('export', evaluation, '--candidate', 'new');
      expect([none.code, none.err]).toEqual([
        1,
        expect.stringContaining('`export` is for runs of `optimize`'),
      ]);
    });
  });

  it('JSON has no raw character that could turn the writing direction or control a terminal', async () => {
    const hostile = 'a\u202eb\u001b[31m\u009b\u200b';
    const directory = join(root, 'hostile');
    await evaluate({
      seedCandidate: { prompt: hostile },
      run: async () => ({ output: hostile }),
      examples: [{ id: `id ${hostile}`, input: hostile }],
      metric: () => ({ score: 1, feedback: hostile }),
      runDir: directory,
    });
    for (const args of [['--candidate', 'seed'], ['--example', '#0'], []]) {
      const { out } = await gepa('show', directory, ...args, '--json');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
      expect(out).not.toMatch(/[\u001b\u0080-\u009f\u200b\u202e]/);
      if (args.length > 0)
        expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(hostile).slice(1, -1));
    }
    const { err } = await gepa('show', directory, '--example', 'none');
    expect(err).not.toMatch(/[\u202e\u200b]/);
  });

  it('export writes any candidate as a file for load; only the best has held-out scores', async () => {
    await gepa('export', runDir, '-o', join(root, 'best.gepa.json'));
    const read = (name: string) =>
      parseSavedCandidate(JSON.parse(readFileSync(join(root, name), 'utf8')), name);
    expect(read('best.gepa.json')).toMatchObject({
      texts: result.bestCandidate,
      original: result.candidates[0]!.texts,
      scores: { validation: { best: result.bestScore }, test: { best: result.test!.bestScore } },
    });
    await gepa('export', runDir, '--candidate', '1', '-o', join(root, 'folder/one.gepa.json'));
    expect(read('folder/one.gepa.json').texts).toEqual(result.candidates[1]!.texts);
    expect(read('folder/one.gepa.json').scores.test).toBeUndefined();
    expect(JSON.parse((await gepa('export', runDir)).out)).toMatchObject(read('best.gepa.json'));
    expect(existsSync(join(root, 'folder', 'one.gepa.json.tmp'))).toBe(false);
  });
});
