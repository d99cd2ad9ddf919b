import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  JournalDamagedError,
  MetricError,
  RunDirectoryError,
  RunDirectoryLockedError,
  RunDirectoryMismatchError,
} from '../errors.ts';
import { optimize } from '../optimize.ts';
import { stagedEvaluation } from '../search/strategies/evaluation-policy.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { tokenMetric } from '../testing/token-task.ts';
import { processSpace } from './lock.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-run-'));
  runDir = join(root, 'run');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const small: TokenRunSetup = { maxMetricCalls: 40 };
const inRunDir = (setup: TokenRunSetup = {}) => tokenRun({ ...small, ...setup, runDir });
const errorOf = (setup?: TokenRunSetup) =>
  optimize(inRunDir(setup).options).then(
    () => undefined,
    (error: unknown) => error,
  );
const journal = () => join(runDir, 'journal.jsonl');
const lines = (file: string) =>
  readFileSync(join(runDir, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('files', () => {
  it('a run directory contains JSON lines that only the owner can read, and no lock after the run', async () => {
    await optimize(inRunDir().options);
    expect(readdirSync(runDir).sort()).toEqual(['events.jsonl', 'examples.jsonl', 'journal.jsonl']);
    for (const file of readdirSync(runDir)) expect(statSync(join(runDir, file)).mode & 0o077).toBe(0);
    const [header, ...rest] = lines('journal.jsonl');
    expect(header).toMatchObject({ type: 'run', format: 'gepa-run', version: 4 });
    expect(new Set(rest.map(({ type }) => type))).toEqual(
      new Set(['session', 'texts', 'rollout', 'iteration', 'proposal', 'ended']),
    );
  });

  it('events.jsonl contains the decisions of the run, and its warnings', async () => {
    const run = inRunDir();
    await optimize(run.options);
    const written = lines('events.jsonl').filter(({ type }) => type !== 'warning');
    expect(written.map(({ scoresById: _, ...event }) => event)).toEqual(
      JSON.parse(JSON.stringify(run.decisions())),
    );
    const warned = lines('events.jsonl').flatMap(({ type, message }) =>
      type === 'warning' ? [message] : [],
    );
    expect(warned).toEqual(run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])));
  });

  it('events.jsonl has the scores of a candidate by example id too', async () => {
    const result = await optimize(inRunDir().options);
    const seed = lines('events.jsonl').find(({ type, index }) => type === 'candidate_added' && index === 0);
    expect(seed.scoresById).toEqual(
      Object.fromEntries(result.candidates[0]!.scores.map((score, i) => [`valid-${i}`, score])),
    );
  });

  it('the journal names candidates and proposals as the result and the events do', async () => {
    const run = inRunDir({ maxMetricCalls: 120 });
    const result = await optimize(run.options);
    expect(result.candidates.length).toBeGreaterThan(2);
    const evaluated = new Map(
      run
        .decisions()
        .flatMap((event) => (event.type === 'proposal_evaluated' ? [[event.proposal, event]] : [])),
    );
    const texts = new Map(
      lines('journal.jsonl').flatMap((line) => (line.type === 'texts' ? [[line.textsId, line.texts]] : [])),
    );
    for (const line of lines('journal.jsonl').filter(({ type }) => type === 'rollout')) {
      if (line.phase === 'proposal') {
        expect(line.candidate).toBeUndefined();
        expect(texts.get(line.textsId)).toMatchObject(evaluated.get(line.proposal)!.texts);
      } else expect(texts.get(line.textsId)).toEqual(result.candidates[line.candidate]!.texts);
    }
    for (const { proposal, texts, source } of result.candidates) {
      if (source === 'reflection') expect(texts).toMatchObject(evaluated.get(proposal!)!.texts);
    }
    expect([...evaluated.keys()]).toEqual([...new Set(evaluated.keys())].sort((a, b) => a - b));
  });

  it('the journal contains each rollout and reflection before its event, and one turn of the event loop after the call', async () => {
    // Work that takes long pauses for a turn; here none does.
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const finished = { rollout: 0, reflection: 0 };
    const reported = { rollout: 0, reflection: 0 };
    let late = 0;
    const check = (counts: typeof finished) => {
      const written = lines('journal.jsonl').map(({ type }) => type);
      for (const kind of ['rollout', 'reflection'] as const) {
        if (written.filter((type) => type === kind).length < counts[kind]) late++;
      }
    };
    const finish = (kind: keyof typeof finished) => {
      finished[kind]++;
      const counts = { ...finished };
      setImmediate(() => check(counts));
    };
    const { propose: _, ...options } = inRunDir({
      metric: ({ output }) => {
        finish('rollout');
        return output.present / 9;
      },
      onEvent: ({ type }) => {
        if (type !== 'rollout_finished' && type !== 'reflection_finished') return;
        reported[type === 'rollout_finished' ? 'rollout' : 'reflection']++;
        check(reported);
      },
    }).options;
    await optimize({
      ...options,
      maxIterations: 3,
      reflectionModel: async () => {
        finish('reflection');
        return `\`\`\`\nbase red ${finished.reflection}\n\`\`\``;
      },
    });
    expect(Math.min(finished.rollout, finished.reflection, reported.reflection)).toBeGreaterThan(1);
    expect(late).toBe(0);
  });

  it('the journal contains the score, feedback, output and trace of each rollout', async () => {
    const run = inRunDir({
      metric: (args) => ({ ...(tokenMetric()(args) as { score: number }), feedback: 'more of red' }),
    });
    await optimize(run.options);
    const rollout = lines('journal.jsonl').find(({ type }) => type === 'rollout');
    expect(rollout).toMatchObject({
      iteration: 0,
      phase: 'seed',
      candidate: 0,
      exampleId: 'valid-0',
      feedback: 'more of red',
      output: { present: 0, unwanted: 0, allTokens: 2 },
      trace: { extract: { unwanted: [] } },
    });
    expect(rollout.at).toBeGreaterThanOrEqual(0);
  });
});

describe('a run directory of a run with other options', () => {
  it.each<[string, TokenRunSetup, string | RegExp]>([
    ['other components', { components: ['extract'] }, 'the component route is missing'],
    ['another trainset', { trainset: tokenExamples('train', 7) }, 'the trainset has 7 examples instead of 9'],
    [
      'other examples in the valset',
      { valset: tokenExamples('valid', 8, { seed: 8 }) },
      'the valset contains other examples',
    ],
    [
      'a testset',
      { testset: tokenExamples('tests', 3), maxMetricCalls: 80 },
      'the testset has 3 examples instead of 0',
    ],
    ['another seed', { seed: 4 }, 'seed is 4 instead of 0'],
    [
      'another strategy',
      { candidateSelectionStrategy: 'current_best' },
      'candidateSelectionStrategy is "current_best" instead of "pareto"',
    ],
    [
      'a custom strategy',
      { valEvaluationPolicy: stagedEvaluation() },
      /^valEvaluationPolicy is an object of Object \(\w+\) instead of "full_eval"$/,
    ],
    ['another minibatch size', { reflectionMinibatchSize: 2 }, 'reflectionMinibatchSize is 2 instead of 3'],
  ])(
    'a run directory is refused for a run with %s, and the error names the difference',
    async (_, setup, difference) => {
      await optimize(inRunDir().options);
      const before = readFileSync(journal());
      const error = await errorOf(setup);
      expect(error).toBeInstanceOf(RunDirectoryMismatchError);
      const { differences, message } = error as RunDirectoryMismatchError;
      expect(differences).toContainEqual(
        typeof difference === 'string' ? difference : expect.stringMatching(difference),
      );
      expect(message).toContain(differences[0]);
      expect(readFileSync(journal()).equals(before)).toBe(true);
    },
  );

  it('a run directory is refused for a run with a reflection model instead of a custom proposer', async () => {
    await optimize(inRunDir().options);
    const { propose: _, ...options } = inRunDir().options;
    await expect(optimize({ ...options, reflectionModel: async () => 'base' })).rejects.toMatchObject({
      differences: ['the proposer is a model instead of your own'],
    });
  });

  it('a run directory is refused for a run whose custom strategy has other settings', async () => {
    const { differences } = await (async () => {
      await optimize(inRunDir({ valEvaluationPolicy: stagedEvaluation({ margin: 0.1 }) }).options);
      return (await errorOf({
        valEvaluationPolicy: stagedEvaluation({ margin: 0.2 }),
      })) as RunDirectoryMismatchError;
    })();
    expect(differences).toHaveLength(1);
  });

  it('a run resumed with a smaller budget returns the whole result and starts no rollout', async () => {
    const first = await optimize(inRunDir({ maxMetricCalls: 120 }).options);
    const run = inRunDir({ maxMetricCalls: 40 });
    const again = await optimize(run.options);
    expect(run.begun.size).toBe(0);
    expect(again).toMatchObject({ bestIndex: first.bestIndex, totalMetricCalls: first.totalMetricCalls });
  });

  it('a run resumes with other limits, concurrency and retries', async () => {
    await optimize(inRunDir().options);
    const run = inRunDir({ maxMetricCalls: 80, concurrency: 1, retry: { retries: 1 }, maxIterations: 100 });
    expect((await optimize(run.options)).totalMetricCalls).toBeGreaterThan(40);
  });

  it('a resumed run whose metric returns other objectives than before throws a MetricError', async () => {
    await optimize(inRunDir({ metric: tokenMetric({ multiObjective: true }) }).options);
    const error = await errorOf({ maxMetricCalls: 80 });
    expect(error).toBeInstanceOf(MetricError);
    expect((error as Error).message).toContain('returned the objectives none');
  });

  it('a run resumed with another metric warns that existing scores stay', async () => {
    await optimize(inRunDir().options);
    const result = await optimize(inRunDir({ metric: ({ output }) => output.present * 2 }).options);
    expect(result.warnings.join()).toContain('The source of the metric has changed');
  });
});

describe('a damaged journal', () => {
  it('a journal damaged in the middle throws an error that names the line, and resumes without that line', async () => {
    const first = await optimize(inRunDir().options);
    const all = readFileSync(journal(), 'utf8').split('\n');
    all[6] = all[6]!.slice(0, 20);
    writeFileSync(journal(), all.join('\n'));
    const error = await errorOf();
    expect(error).toBeInstanceOf(JournalDamagedError);
    expect(error).toMatchObject({ line: 7 });
    expect((error as Error).message).toContain('Line 7 of');
    writeFileSync(journal(), all.filter((_, i) => i !== 6).join('\n'));
    expect((await optimize(inRunDir().options)).bestCandidate).toEqual(first.bestCandidate);
  });

  it('a journal that lost a rollout of a run with an exhausted budget repeats only that rollout', async () => {
    const setup = { maxMetricCalls: 70, testset: tokenExamples('tests', 6) };
    const first = await optimize(inRunDir(setup).options);
    const all = readFileSync(journal(), 'utf8').split('\n');
    const at = all.findIndex((line) => line.startsWith('{"type":"rollout"'));
    writeFileSync(journal(), all.filter((_, i) => i !== at).join('\n'));
    const run = inRunDir(setup);
    const again = await optimize(run.options);
    expect(first.candidates.length).toBeGreaterThan(1);
    expect(again.candidates).toEqual(first.candidates);
    expect(again.test).toEqual(first.test);
    expect(run.begun.size).toBe(1);
  });

  it('a journal with an invalid field throws an error that names the line and the field', async () => {
    await optimize(inRunDir().options);
    const all = readFileSync(journal(), 'utf8').split('\n');
    const at = all.findIndex((line) => line.startsWith('{"type":"rollout"'));
    all[at] = all[at]!.replace(/"score":[^,]*/, '"score":"high"');
    writeFileSync(journal(), all.join('\n'));
    expect(((await errorOf()) as Error).message).toMatch(/Line \d+ of .*score/);
  });

  it.each(['{"type":"rollout","iter', 'garbage\n', '\u0000\u0000'])(
    'a journal with a damaged end (%j) loses the last line only and says so',
    async (end) => {
      const first = await optimize(inRunDir().options);
      appendFileSync(journal(), end);
      const run = inRunDir();
      const again = await optimize(run.options);
      expect(again.bestCandidate).toEqual(first.bestCandidate);
      expect(run.begun.size).toBe(0);
      const notices = run.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
      expect(notices.join()).toContain('cut off');
      expect(again.warnings).toEqual(first.warnings);
    },
  );

  it('a journal with an incomplete header throws an error that names the field', async () => {
    await optimize(inRunDir().options);
    writeFileSync(journal(), readFileSync(journal(), 'utf8').replace('"trainset"', '"trains"'));
    const error = await errorOf();
    expect(error).toMatchObject({ line: 1 });
    expect((error as Error).message).toContain('fingerprint.trainset');
  });

  it('a journal of another version is refused', async () => {
    await optimize(inRunDir().options);
    writeFileSync(journal(), readFileSync(journal(), 'utf8').replace('"version":4', '"version":9'));
    expect(((await errorOf()) as Error).message).toContain('version 9');
  });
});

describe('the lock', () => {
  const lock = () => join(runDir, 'lock');
  const holder = (changes: object = {}) =>
    JSON.stringify({
      pid: process.ppid,
      host: hostname(),
      since: 'today',
      id: 'x',
      space: processSpace(),
      ...changes,
    });
  const writeLock = (text: string) => {
    mkdirSync(runDir, { recursive: true });
    writeFileSync(lock(), text);
  };

  it('a second run in the directory of a running one is refused', async () => {
    let second: unknown;
    const run = inRunDir({
      before: async ({ context, previousRuns }) => {
        if (context.phase === 'seed' && previousRuns === 0) second ??= await errorOf();
      },
    });
    await optimize(run.options);
    expect(second).toBeInstanceOf(RunDirectoryLockedError);
    expect((second as Error).message).toContain(`process ${process.pid} on ${hostname()}`);
  });

  it('a lock of a live process is respected', async () => {
    writeLock(holder());
    expect(await errorOf()).toBeInstanceOf(RunDirectoryLockedError);
    expect(existsSync(lock())).toBe(true);
  });

  it.each([
    ['that has exited', () => holder({ pid: spawnSync(process.execPath, ['-e', '']).pid })],
    ['that had the id of this process before a restart', () => holder({ pid: process.pid })],
    ['whose id now belongs to a later process', () => holder({ began: '1' })],
  ])('a lock of a process %s is taken over', async (description, text) => {
    if (description.includes('later') && !existsSync('/proc/self/stat')) return;
    writeLock(text());
    await optimize(inRunDir().options);
    expect(existsSync(lock())).toBe(false);
  });

  it.each([
    ['of another host', holder({ host: 'elsewhere', space: 'elsewhere' })],
    ['that cannot be read', '{"pi'],
  ])('a lock %s is respected while it is fresh and taken over when it is stale', async (_, text) => {
    writeLock(text);
    expect(await errorOf()).toBeInstanceOf(RunDirectoryLockedError);
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(lock(), longAgo, longAgo);
    await optimize(inRunDir().options);
    expect(existsSync(lock())).toBe(false);
  });
});

it('a relative runDir is resolved against the working directory at the call', async () => {
  const before = process.cwd();
  mkdirSync(join(root, 'other'));
  process.chdir(root);
  try {
    const run = optimize(tokenRun({ ...small, runDir: 'run' }).options);
    process.chdir(join(root, 'other'));
    await run;
  } finally {
    process.chdir(before);
  }
  expect(existsSync(journal())).toBe(true);
});

describe('a directory that cannot be used', () => {
  it('a runDir that is a file throws an error before any rollout', async () => {
    mkdirSync(join(runDir, '..'), { recursive: true });
    writeFileSync(runDir, 'a file');
    const run = inRunDir();
    const error = await optimize(run.options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunDirectoryError);
    expect((error as Error).message).toContain('cannot be used');
    expect(run.begun.size).toBe(0);
  });

  it.runIf(existsSync('/proc/self'))('a runDir in a read-only file system throws an error', async () => {
    runDir = '/proc/gepa/run';
    expect(await errorOf()).toBeInstanceOf(RunDirectoryError);
  });

  it('a runDir without write permission throws an error', async () => {
    // The superuser may write anywhere else.
    if (process.getuid?.() === 0) runDir = '/sys/gepa-run';
    else {
      mkdirSync(runDir, { recursive: true });
      chmodSync(runDir, 0o500);
    }
    const error = await errorOf();
    expect(error).toBeInstanceOf(RunDirectoryError);
    expect((error as Error).message).toContain('permissions');
  });

  it.skipIf(process.platform === 'win32')(
    'a run whose journal cannot grow ends with the best candidate so far, and resumes from the journal',
    { tags: 'slow' },
    () => {
      const script = join(import.meta.dirname, 'fixtures', 'limited-run.ts');
      const run = (kilobytes: number | 'unlimited') => {
        const blocks = kilobytes === 'unlimited' ? kilobytes : kilobytes * 2;
        const command = `ulimit -f ${blocks}; exec "${process.execPath}" --conditions=gepa-source "${script}" "${runDir}"`;
        const { stdout, stderr, status } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
        expect(status, stderr).toBe(0);
        return JSON.parse(stdout);
      };
      const full = run(20);
      expect(full.stopReason).toBe('runDirUnwritable');
      expect(full.warnings.join()).toMatch(/is no longer writable.*\d+ rollouts/s);
      expect(full.best).toBeGreaterThan(0);
      expect(run(20)).toEqual({ error: 'RunDirectoryError', begun: 0 });
      const rollouts = lines('journal.jsonl').filter(({ type }) => type === 'rollout').length;
      const resumed = run('unlimited');
      expect(resumed.stopReason).toBe('maxIterations');
      const all = lines('journal.jsonl').filter(({ type }) => type === 'rollout').length;
      expect(resumed.begun).toBe(all - rollouts);
    },
  );
});

it('a run whose directory is deleted ends with a warning and the result so far', async () => {
  const run = inRunDir({
    maxMetricCalls: 1_000,
    onEvent: (event) => {
      if (event.type === 'iteration_started' && event.iteration === 3) rmSync(runDir, { recursive: true });
    },
  });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('runDirUnwritable');
  expect(result.iterations).toBeLessThanOrEqual(3);
  expect(result.bestScore).toBeGreaterThan(0);
  expect(result.warnings.join()).toMatch(/The run directory is gone: .*was deleted/);
  expect(existsSync(runDir)).toBe(false);
});

it('a run whose directory is replaced by another does not write to it', async () => {
  const run = inRunDir({
    onEvent: (event) => {
      if (event.type !== 'iteration_started' || event.iteration !== 1) return;
      rmSync(runDir, { recursive: true });
      mkdirSync(runDir);
      writeFileSync(journal(), 'other');
    },
  });
  expect((await optimize(run.options)).stopReason).toBe('runDirUnwritable');
  expect(readFileSync(journal(), 'utf8')).toBe('other');
});

describe('redact', () => {
  it('redact masks examples, outputs and feedback in the journal and in prompts, but not the texts of candidates', async () => {
    const prompts: string[] = [];
    const { propose, ...options } = inRunDir({
      maxIterations: 3,
      metric: ({ output }) => ({ score: output.present / 9, feedback: 'call 555-1234 for red' }),
      redact: (text) => text.replace(/555-\d+/g, '[phone]').replace(/train-\d/, '[user]'),
    }).options;
    expect(propose).toBeDefined();
    await optimize({
      ...options,
      adapter: {
        components: options.adapter.components,
        run: async (candidate, example, context) => {
          const execution = await options.adapter.run(candidate, example, context);
          return { ...execution, output: { ...execution.output, phone: '555-9876' } };
        },
      },
      reflectionModel: async ({ prompt }) => {
        prompts.push(prompt);
        return `\`\`\`\nbase red 555-0000 ${prompts.length}\n\`\`\``;
      },
    });
    const text = readFileSync(journal(), 'utf8');
    expect(text).not.toMatch(/555-(1234|9876)/);
    expect(text).toContain('555-0000');
    expect(prompts.join()).toContain('[phone]');
    expect(prompts.join()).not.toContain('train-0');
    expect(text).not.toContain('train-0');
    expect(prompts.join()).not.toContain('555-1234');
  });

  it.each<[string, (text: string) => string]>([
    [
      'throws',
      (text) => {
        throw new Error(`no ${text}`);
      },
    ],
    ['returns undefined', () => undefined as unknown as string],
  ])('a redact function that %s ends the run, and nothing is written without masking', async (_, redact) => {
    const result = await optimize(
      inRunDir({
        redact,
        metric: () => ({ score: 0.5, feedback: 'secret' }),
      }).options,
    );
    expect(result.stopReason).toBe('runDirUnwritable');
    expect(result.warnings.join()).toContain('redact failed');
    expect(readFileSync(journal(), 'utf8')).not.toContain('secret');
  });
});
