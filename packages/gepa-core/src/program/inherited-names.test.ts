// @module-tag slow
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addUsage, modelCallUsage } from '../budget/usage.ts';
import type { Component } from '../component.ts';
import { summarize } from '../exports/report.ts';
import { optimize } from '../optimize.ts';
import { diffCandidates } from '../report/diff.ts';
import { readSavedCandidate, savedCandidate, writeSavedCandidate } from '../saved/saved-candidate.ts';
import { loadProgram } from './load-program.ts';
import { tunable, tunableComponents, withCandidate } from './tunable.ts';

const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'] as const;
const record = <Value>(names: readonly string[], value: (name: string) => Value): Record<string, Value> =>
  Object.fromEntries(names.map((name) => [name, value(name)]));

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-names-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const someNames = fc.uniqueArray(fc.constantFrom(...inherited, 'plain'), { minLength: 1 });

it('components, objectives, models and record keys may have names that every object inherits', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(someNames, fc.boolean(), async (names, asksModel) => {
      const runDir = join(root, String(runs++));
      const options = {
        seedCandidate: record(names, (name) => `old ${name}`),
        trainset: [{ id: 'a' }, { id: 'b' }],
        valset: [{ id: 'c' }, { id: 'd' }],
        run: (candidate: Readonly<Record<string, string>>) => ({
          output: names.filter((name) => candidate[name]?.startsWith('new')).length,
          usage: names
            .map((model) => modelCallUsage({ model, inputTokens: 1, outputTokens: 1 }))
            .reduce(addUsage),
        }),
        metric: ({ output }: { output: number }) => ({
          score: output / names.length / 2,
          objectives: record(names, () => output),
          componentFeedback: record(names, (name) => `feedback for ${name}`),
        }),
        ...(asksModel
          ? { reflectionModel: async () => '```\nnew text\n```' }
          : {
              propose: async ({ components }: { components: readonly string[] }) =>
                record(components, () => 'new text'),
            }),
        frontierType: 'hybrid' as const,
        componentSelector: 'round_robin' as const,
        useMerge: true,
        maxIterations: names.length + 1,
        maxCostUsd: 1,
        prices: record(names, () => ({ input: 1, output: 1 })),
        reserve: { rollout: { costUsd: 0.001 }, reflection: { costUsd: 0 } },
        skipPerfectScore: false,
        runDir,
      };
      // The cost of the model is unknown.
      const { maxCostUsd: _, ...unlimited } = options;
      const result = await optimize(asksModel ? unlimited : options);
      expect(Object.keys(result.bestCandidate)).toEqual(names);
      expect(result.bestCandidate).toEqual(record(names, () => 'new text'));
      expect(Object.keys(result.usage.byModel ?? {}).sort()).toEqual([...names].sort());
      for (const tokens of Object.values(result.usage.byModel!)) {
        expect(tokens.modelCalls).toBe(result.totalMetricCalls);
      }
      expect(Object.keys(result.objectives?.best ?? {}).sort()).toEqual([...names].sort());
      const resumed = await optimize(unlimited);
      expect(resumed.bestCandidate).toEqual(result.bestCandidate);
      expect(resumed.usage.byModel).toEqual(result.usage.byModel);
      for (const name of names)
        expect(diffCandidates(options.seedCandidate, result.bestCandidate)).toContain(name);
      expect(summarize(result)).toContain('new text');
    }),
    { numRuns: 25 },
  );
});

it('a saved candidate keeps names that every object inherits', () => {
  fc.assert(
    fc.property(someNames, (names) => {
      const path = join(root, 'folder', 'saved.json');
      const texts = record(names, () => 'new');
      const original = record(names, () => 'old');
      const scores = { validation: { seed: 0, best: 1 } };
      writeSavedCandidate(path, savedCandidate({ texts, original, scores }));
      expect(readSavedCandidate(path)).toStrictEqual(savedCandidate({ texts, original, scores }));
      const components: Record<string, Component> = record(names, () => ({ text: 'old' }));
      const loaded = loadProgram({ components, apply: (candidate) => candidate }, path);
      expect(Object.entries(loaded)).toEqual(names.map((name) => [name, 'new']));
      const renamed = loadProgram({ components, apply: (candidate) => candidate }, path, { rename: {} });
      expect(Object.keys(renamed)).toEqual(names);
    }),
  );
});

it('a saved candidate without a text for a component that is named constructor is refused', () => {
  const saved = savedCandidate({ texts: {}, original: {}, scores: { validation: { seed: 0, best: 1 } } });
  for (const name of inherited) {
    const components = record([name], () => ({ text: 'old' }));
    expect(() => loadProgram({ components, apply: (candidate) => candidate }, saved)).toThrow(
      `there is no text for ${name}`,
    );
  }
});

it('tunables may have names that every object inherits', () => {
  const tunables = inherited.map((name) => tunable(name, `old ${name}`));
  expect(Object.keys(tunableComponents(tunables, {}))).toEqual([...inherited]);
  withCandidate({ other: 'x' }, () => {
    expect(tunables.map(({ text }) => text)).toEqual(inherited.map((name) => `old ${name}`));
  });
  withCandidate(
    record(inherited, () => 'new'),
    () => {
      expect(tunables.map(({ text }) => text)).toEqual(inherited.map(() => 'new'));
    },
  );
});
