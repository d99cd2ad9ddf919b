import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelCallUsage, noUsage, type Usage } from '../budget/usage.ts';
import { optimize } from '../optimize.ts';
import { type TokenRunSetup, tokenRun, withoutTimes } from '../testing/fixtures/token-run.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-run-'));
  runDir = join(root, 'run');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const journal = () => join(runDir, 'journal.jsonl');

/** A run, and the same again from its journal alone. */
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

describe('a replay decides as the run did', () => {
  it.each<[string, unknown]>([
    ['a number', { extract: 7, route: 7 }],
    ['null', { extract: null, route: null }],
    ['a text and a number', { extract: 'base red', route: 7 }],
    ['nothing', undefined],
    ['a text', 'base red'],
    ['texts of other components', { other: 'base', extract: 'base red' }],
    ['texts that a prototype holds', Object.create({ extract: 'base red', route: 'base red' })],
  ])('where the proposer gave %s', async (_, texts) => {
    const { live, replayed } = await twice({
      maxIterations: 2,
      propose: async () => texts as Record<string, string>,
    });
    expect(replayed.decisions).toEqual(live.decisions);
    expect(replayed.begun.size).toBe(0);
  });

  it('where the metric threw, and warns of it again', async () => {
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

  it('where the program failed on everything, with words that are masked', async () => {
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

it('tells in its events what could not be had as a replay does', async () => {
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

it('shows the model an error as it was written, without the key in it', async () => {
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

it('gives no candidate the rollouts of another when the line of one was deleted', async () => {
  const setup: TokenRunSetup = { maxIterations: 6, runDir };
  const first = await optimize(tokenRun(setup).options);
  const lines = readFileSync(journal(), 'utf8').split('\n');
  const gone = lines.findIndex((line) => line.startsWith('{"type":"candidate","candidate":1'));
  writeFileSync(journal(), lines.filter((_, i) => i !== gone).join('\n'));
  for (let i = 0; i < 2; i++) {
    const again = await optimize(tokenRun(setup).options);
    expect(again.candidates.map(({ texts, scores }) => ({ texts, scores }))).toEqual(
      first.candidates.map(({ texts, scores }) => ({ texts, scores })),
    );
  }
});

it('begins nothing when its time was over before it was taken up', async () => {
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

it('begins nothing when it is aborted meanwhile', async () => {
  await optimize(tokenRun({ runDir, maxIterations: 2 }).options);
  const controller = new AbortController();
  setTimeout(() => controller.abort());
  const again = tokenRun({ runDir, maxIterations: 4, signal: controller.signal });
  expect((await optimize(again.options)).stopReason).toBe('aborted');
  expect(again.begun.size).toBe(0);
});

it.each([
  ['no number', Number.NaN],
  ['nothing', undefined as unknown as number],
])('goes on where a usage told %s', async (_, inputTokens) => {
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
  expect(first.usage).toMatchObject({ inputTokens: 0, outputTokens: 2 * first.totalMetricCalls });
  const rest = await session(2);
  expect(rest.usage).toMatchObject({ inputTokens: 0, outputTokens: 2 * rest.totalMetricCalls });
});

it.each([
  ['null', null],
  ['an answer without a text', { finishReason: 'tool_calls' }],
])('goes on where the reflection model gave %s', async (_, answer) => {
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

it('keeps what was paid for rollouts that an error elsewhere broke off', async () => {
  const usage = { modelCalls: 1, inputTokens: 5, outputTokens: 1 };
  const session = async (isBroken: boolean) => {
    const { options } = tokenRun({ maxMetricCalls: 60, runDir });
    const { adapter } = options;
    const result = optimize({
      ...options,
      adapter: {
        ...adapter,
        run: async (...args) => ({ ...(await adapter.run(...args)), usage }),
      },
      metric: async ({ example, output }) => {
        if (!isBroken) return output.present / 4;
        if (example.id === 'train-3') throw new Error('never mind');
        await new Promise((resolve) => setTimeout(resolve, example.id.startsWith('train') ? 50 : 0));
        if (example.id.startsWith('train')) return Number.NaN;
        return output.present / 4;
      },
    });
    return result.catch((error) => error.result);
  };
  const broken = await session(true);
  expect(broken.stopReason).toBe('error');
  const journaled = readFileSync(journal(), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .reduce((sum, { usage }) => sum + (usage?.modelCalls ?? 0), 0);
  expect(journaled).toBe(broken.usage.modelCalls);
});

it.each<[string, Usage | undefined, Usage | undefined]>([
  ['an answer', undefined, modelCallUsage({ inputTokens: 7 })],
  ['a rollout', modelCallUsage({ inputTokens: 5 }), undefined],
])(
  'keeps %s of which a bound on cost cannot tell the price, and what it took',
  async (_, rollout, answer) => {
    let asked = 0;
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
          run: async (...args) => ({
            ...(await adapter.run(...args)),
            ...(rollout === undefined ? {} : { usage: rollout }),
          }),
        },
        reflectionModel: async () => {
          asked++;
          return { text: '```\nbase red\n```', usage: answer ?? noUsage };
        },
      });
    };
    const reserve = { rollout: { costUsd: 0 }, reflection: { costUsd: 0.1 } };
    await expect(session({ maxCostUsd: 1, reserve })).rejects.toThrow('is unknown');
    const rest = await session({});
    expect(asked).toBe(1);
    const begunInVain = rollout === undefined ? 0 : 1;
    expect(rest.usage.modelCalls).toBe(
      (rollout === undefined ? 0 : rest.totalMetricCalls) + begunInVain + (answer === undefined ? 0 : 1),
    );
  },
);
