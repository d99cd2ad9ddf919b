// @module-tag slow
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelCallUsage, noUsage, type Usage } from '../budget/usage.ts';
import { optimize } from '../optimize.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { type TokenRunSetup, tokenRun, withoutTimes } from '../testing/fixtures/token-run.ts';

useFakeTime();

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-run-'));
  runDir = join(root, 'run');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const journal = () => join(runDir, 'journal.jsonl');

/** Runs, then replays the run from its journal. */
async function twice(setup: TokenRunSetup) {
  const sessions = [];
  for (let i = 0; i < 2; i++) {
    const run = tokenRun({ ...setup, runDir });
    const result = await optimize(run.options);
    sessions.push({ ...run, decisions: withoutTimes(run.decisions()), warnings: result.warnings });
  }
  const [live, replayed] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
  return { live, replayed };
}

describe('a replay', () => {
  it.each<[string, unknown]>([
    ['a number', { extract: 7, route: 7 }],
    ['null', { extract: null, route: null }],
    ['a text and a number', { extract: 'base red', route: 7 }],
    ['nothing', undefined],
    ['a text', 'base red'],
    ['texts of other components', { other: 'base', extract: 'base red' }],
    ['inherited texts', Object.create({ extract: 'base red', route: 'base red' })],
  ])('a replay makes the same decisions when the proposer returned %s', async (_, texts) => {
    const { live, replayed } = await twice({
      maxIterations: 2,
      propose: async () => texts as Record<string, string>,
    });
    expect(replayed.decisions).toEqual(live.decisions);
    expect(replayed.begun.size).toBe(0);
  });

  it('a replay makes the same decisions and repeats the warning when the metric threw', async () => {
    const { live, replayed } = await twice({
      maxIterations: 2,
      metric: ({ example, output }) => {
        if (example.id === 'valid-3') throw new Error('no such field');
        return output.present / 4;
      },
    });
    expect(live.warnings.join()).toContain('first on example valid-3');
    expect(replayed.warnings).toEqual(live.warnings);
    expect(replayed.decisions).toEqual(live.decisions);
  });

  it('a replay repeats the redacted warning when the program failed on every example', async () => {
    const { live, replayed } = await twice({
      maxIterations: 2,
      before: () => {
        throw new Error('no page for 555-1234');
      },
      redact: (text) => text.replace(/555-\d+/g, '[phone]'),
    });
    expect(live.warnings.join()).toContain('no page for [phone]');
    expect(replayed.warnings).toEqual(live.warnings);
  });
});

it('a replay repeats the redacted message of an outage in its events', async () => {
  const setup: TokenRunSetup = {
    maxIterations: 3,
    retry: { retries: 0 },
    before: ({ context }) => {
      if (context.iteration === 1) {
        throw Object.assign(new Error('busy: Bearer abcdefgh12345678 for 555-1234'), { status: 429 });
      }
    },
    redact: (text) => text.replace(/555-\d+/g, '[phone]'),
  };
  const { live, replayed } = await twice(setup);
  expect(live.decisions).toContainEqual(
    expect.objectContaining({ reason: 'unavailable', message: 'busy: Bearer [key] for [phone]' }),
  );
  expect(replayed.decisions).toEqual(live.decisions);
});

it('the reflection model and the journal receive error messages without API keys', async () => {
  const prompts: string[] = [];
  const { propose: _, ...options } = tokenRun({
    maxIterations: 1,
    runDir,
    before: () => {
      throw new Error('refused: Bearer abcdefgh12345678');
    },
  }).options;
  const { reflectiveRecords: __, ...adapter } = options.adapter;
  await optimize({
    ...options,
    adapter: { ...adapter, run: (...args) => adapter.run(...args) },
    reflectionModel: async ({ prompt }) => {
      prompts.push(prompt);
      return '```\nbase red\n```';
    },
  });
  expect(prompts[0]).toContain('Bearer [key]');
  expect(prompts.join()).not.toContain('abcdefgh12345678');
  expect(readFileSync(journal(), 'utf8')).not.toContain('abcdefgh12345678');
});

it('a reflection on several components is replayed with the second question for one of them', async () => {
  const prompts: string[] = [];
  const { propose: _, ...options } = tokenRun({
    maxIterations: 3,
    componentSelector: 'all',
    skipPerfectScore: false,
    runDir,
  }).options;
  const run = (maxIterations: number) =>
    optimize({
      ...options,
      maxIterations,
      reflectionModel: async ({ prompt }) => {
        prompts.push(prompt);
        return prompt.includes('cannot be used')
          ? `\`\`\`\`route\nbase blue ${prompts.length}\n\`\`\`\``
          : `\`\`\`\`extract\nbase red ${prompts.length}\n\`\`\`\`\n\`\`\`\`route\n\`\`\`\``;
      },
    });
  await run(2);
  expect(prompts).toHaveLength(4);
  expect((await run(3)).iterations).toBe(3);
  expect(prompts).toHaveLength(6);
  expect(readFileSync(journal(), 'utf8')).toContain('"components":["extract","route"],"attempt":1');
});

it('a journal that lost the line of a candidate does not give its rollouts to another candidate', async () => {
  const setup: TokenRunSetup = { maxIterations: 6, runDir };
  const first = await optimize(tokenRun(setup).options);
  const lines = readFileSync(journal(), 'utf8').split('\n');
  const gone = lines.findIndex((line) => /^{"type":"texts","at":\d+,"textsId":1/.test(line));
  writeFileSync(journal(), lines.filter((_, i) => i !== gone).join('\n'));
  for (let i = 0; i < 2; i++) {
    const again = await optimize(tokenRun(setup).options);
    expect(again.candidates.map(({ texts, scores }) => ({ texts, scores }))).toEqual(
      first.candidates.map(({ texts, scores }) => ({ texts, scores })),
    );
  }
});

it('a run that reached maxDurationMs starts no rollout when it is resumed', async () => {
  const slow: TokenRunSetup = {
    runDir,
    maxDurationMs: 30,
    before: () => new Promise((resolve) => setTimeout(resolve, 10)),
  };
  expect((await optimize(tokenRun(slow).options)).stopReason).toBe('maxDurationMs');
  const again = tokenRun(slow);
  expect((await optimize(again.options)).stopReason).toBe('maxDurationMs');
  expect(again.begun.size).toBe(0);
});

it('a run that is aborted during its replay starts no rollout', async () => {
  await optimize(tokenRun({ runDir, maxIterations: 2 }).options);
  const controller = new AbortController();
  setTimeout(() => controller.abort());
  const again = tokenRun({ runDir, maxIterations: 4, signal: controller.signal });
  expect((await optimize(again.options)).stopReason).toBe('aborted');
  expect(again.begun.size).toBe(0);
});

it.each([
  ['NaN', Number.NaN],
  ['undefined', undefined as unknown as number],
])('a run resumes after rollouts whose inputTokens were %s', async (_, inputTokens) => {
  const session = async (maxIterations: number) => {
    const { options } = tokenRun({ maxIterations, runDir });
    const { adapter } = options;
    return optimize({
      ...options,
      adapter: {
        ...adapter,
        run: async (...args) => ({
          ...(await adapter.run(...args)),
          usage: { modelCalls: 1, inputTokens, outputTokens: 2 },
        }),
      },
    });
  };
  const first = await session(1);
  // Half of the counts would be reported as the whole.
  const unknown = { inputTokens: 0, outputTokens: 0 };
  expect(first.usage).toEqual({ ...unknown, modelCalls: first.totalMetricCalls });
  const resumed = await session(2);
  expect(resumed.usage).toEqual({ ...unknown, modelCalls: resumed.totalMetricCalls });
});

it('a run resumes after the reflection model returned an answer without a text', async () => {
  const answer = { finishReason: 'tool_calls' };
  const session = async (maxIterations: number) => {
    const { options, decisions } = tokenRun({ maxIterations, runDir });
    const { propose: __, ...rest } = options;
    await optimize({ ...rest, reflectionModel: async () => answer as unknown as string });
    return withoutTimes(decisions());
  };
  const first = await session(1);
  expect(first).toContainEqual(expect.objectContaining({ type: 'proposal_rejected', reason: 'empty' }));
  expect(await session(1)).toEqual(first);
});

it('the usage of rollouts in flight when an error ends the run is in the journal', async () => {
  const usage = { modelCalls: 1, inputTokens: 5, outputTokens: 1 };
  const session = async (isFailing: boolean) => {
    const { options } = tokenRun({ maxMetricCalls: 60, runDir });
    const { adapter } = options;
    const result = optimize({
      ...options,
      adapter: {
        ...adapter,
        run: async (...args) => ({ ...(await adapter.run(...args)), usage }),
      },
      metric: async ({ example, output }) => {
        if (!isFailing) return output.present / 4;
        if (example.id === 'train-3') throw new Error('never mind');
        await new Promise((resolve) => setTimeout(resolve, example.id.startsWith('train') ? 50 : 0));
        if (example.id.startsWith('train')) return Number.NaN;
        return output.present / 4;
      },
    });
    return result.catch((error) => error.result);
  };
  const failed = await session(true);
  expect(failed.stopReason).toBe('error');
  const journaled = readFileSync(journal(), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .reduce((sum, { usage }) => sum + (usage?.modelCalls ?? 0), 0);
  expect(journaled).toBe(failed.usage.modelCalls);
});

it.each<[string, Usage | undefined, Usage | undefined]>([
  ['a reflection', undefined, modelCallUsage({ inputTokens: 7 })],
  ['a rollout', modelCallUsage({ inputTokens: 5 }), undefined],
])(
  '%s of unknown cost that ends a run with maxCostUsd is not repeated by a resume, and its usage counts',
  async (_, rollout, reflection) => {
    let reflections = 0;
    const session = async (setup: TokenRunSetup) => {
      const { propose: __, ...options } = tokenRun({
        maxIterations: 1,
        concurrency: 1,
        ...setup,
        runDir,
      }).options;
      const { adapter } = options;
      return optimize({
        ...options,
        adapter: {
          ...adapter,
          run: async (...args) => {
            const execution = await adapter.run(...args);
            return { ...execution, usage: rollout ?? execution.usage };
          },
        },
        reflectionModel: async () => {
          reflections++;
          return { text: '```\nbase red\n```', usage: reflection ?? noUsage };
        },
      });
    };
    const reserve = { rollout: { costUsd: 0 }, reflection: { costUsd: 0.1 } };
    await expect(session({ maxCostUsd: 1, reserve })).rejects.toThrow('is unknown');
    const resumed = await session({});
    expect(reflections).toBe(1);
    const unscored = rollout === undefined ? 0 : 1;
    expect(resumed.usage.modelCalls).toBe(
      (rollout === undefined ? 0 : resumed.totalMetricCalls) + unscored + (reflection === undefined ? 0 : 1),
    );
  },
);
