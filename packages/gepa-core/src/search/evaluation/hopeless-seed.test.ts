import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RolloutError, SeedError } from '../../errors.ts';
import { optimize } from '../../optimize.ts';

const steps = (hasCalled: boolean) => [
  { kind: 'chain', name: 'c', ...(hasCalled ? { children: [{ kind: 'model', name: 'm' }] } : {}) },
];

/** Runs a seed whose rollouts fail with these errors. */
function failing(
  errors: readonly string[],
  trace: unknown,
  more: { isHopeless?: boolean; runDir?: string; concurrency?: number } = {},
) {
  const { isHopeless, ...options } = more;
  let [reflections, rollouts] = [0, 0];
  const run = optimize({
    ...options,
    trainset: [...errors.keys()],
    valset: [...errors.keys()],
    metric: () => 1,
    maxIterations: 2,
    adapter: {
      components: { system: { text: 'Be kind.' } },
      run: async (_, example: number) => {
        rollouts++;
        throw new RolloutError(errors[example]!, {
          cause: new Error(errors[example]),
          trace: trace as never,
          ...(isHopeless === undefined ? {} : { isHopeless }),
        });
      },
      propose: async () => {
        reflections++;
        return {};
      },
    },
  });
  return run.then(
    ({ warnings }) => ({ reflections, rollouts, warnings }),
    (error: unknown) => ({ reflections, rollouts, error }),
  );
}

it('a seed that fails on every example with one error, before a model call, ends the run', async () => {
  const { reflections, error } = (await failing(['no context', 'no context'], steps(false))) as {
    error?: unknown;
  } & {
    reflections: number;
  };
  expect(error).toBeInstanceOf(SeedError);
  expect(String(error)).toContain('no context');
  expect(reflections).toBe(0);
});

it('a seed that fails after a model call, such that the adapter knows that no text helps, ends the run', async () => {
  const { reflections, error } = (await failing(['waits', 'waits'], steps(true), { isHopeless: true })) as {
    error?: unknown;
    reflections: number;
  };
  expect(String(error)).toContain('No text can fix that');
  expect(reflections).toBe(0);
});

it('a seed that no text can help on the first five examples is not run on more, with what to do', async () => {
  const outcome = await failing(Array(40).fill('waits'), steps(true), { isHopeless: true, concurrency: 1 });
  expect(outcome).toMatchObject({ reflections: 0, rollouts: 5, error: expect.any(SeedError) });
  expect(String((outcome as { error?: unknown }).error)).toContain(
    'If it runs on other examples, leave these out.',
  );
});

it('a seed that no text can help on the only example ends the run', async () => {
  const outcome = await failing(['waits'], steps(true), { isHopeless: true });
  expect(outcome).toMatchObject({ reflections: 0, error: expect.any(SeedError) });
});

it('a seed that no text can help on some of the first examples is run on all', async () => {
  const errors = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'waits' : 'other'));
  const outcome = await failing(errors, steps(true), { isHopeless: true, concurrency: 1 });
  expect(outcome).toMatchObject({ warnings: expect.any(Array), reflections: 2 });
});

it('a seed that no text can help ends the run also with a run directory, when it is started and when it is resumed', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'gepa-'));
  for (const _ of ['started', 'resumed']) {
    const outcome = await failing(['no context', 'no context'], steps(false), { runDir });
    expect(outcome).toMatchObject({ error: expect.any(SeedError), reflections: 0 });
  }
});

it.each([
  ['different errors', ['a', 'b'], steps(false)],
  ['a model call', ['a', 'a'], steps(true)],
  ['no trace', ['a', 'a'], undefined],
] as const)(
  'a seed that fails with %s is only warned of, as other texts may help',
  async (_, errors, trace) => {
    expect(await failing(errors, trace)).toMatchObject({
      warnings: expect.arrayContaining([expect.stringContaining('The program failed on every example')]),
    });
  },
);

it('an example of the trainset that the seed fails on is warned of once', async () => {
  const { warnings } = await optimize({
    trainset: ['a', 'bad', 'worse'],
    valset: ['c'],
    metric: () => 0.5,
    maxIterations: 3,
    adapter: {
      components: { system: { text: 'Be kind.' } },
      run: async (_, example: string) => {
        if (example.length > 1) throw new Error(`cannot read ${example}`);
        return { output: example };
      },
      propose: async () => ({}),
    },
  });
  const ours = warnings.filter((warning) => warning.startsWith('The program failed'));
  expect(ours).toEqual([
    'The program failed with its own texts, first on example train:1; such rollouts score failureScore: cannot read bad. Unless better texts can fix that, fix the program or remove the example.',
  ]);
});
