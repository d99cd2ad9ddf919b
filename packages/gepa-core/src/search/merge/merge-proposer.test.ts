// @module-tag slow

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { searchViewOf } from '../../testing/fixtures/search-view.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { sharedDraws } from '../draws.ts';
import type { ScoredCandidate, SearchView } from '../state/search-view.ts';
import { MergeProposer } from './merge-proposer.ts';

type Names = 'a' | 'b' | 'c';
const names: readonly Names[] = ['a', 'b', 'c'];

function candidate(
  index: number,
  texts: string,
  parents: readonly number[],
  scores: readonly (number | null)[],
): ScoredCandidate<Names> {
  const known = scores.filter((score) => score !== null);
  const [a, b, c] = texts.split(' ') as [string, string, string];
  return {
    index,
    texts: { a, b, c },
    parents,
    source: index === 0 ? 'seed' : 'reflection',
    iteration: index,
    scores,
    mean: known.length === 0 ? 0 : known.reduce((x, y) => x + y, 0) / known.length,
    coverage: known.length,
    metricCalls: 0,
  };
}

function view(candidates: readonly ScoredCandidate<Names>[], frontier: readonly number[]): SearchView<Names> {
  const search = searchViewOf(candidates, { iteration: 5 });
  search.survivors = () => frontier.map((index) => ({ candidate: index, keys: 1 }));
  return search;
}

const proposer = (seed = 0, overrides = {}) =>
  new MergeProposer<Names>({
    names,
    minOverlap: 5,
    draws: sharedDraws(seed),
    isNew: () => true,
    ...overrides,
  });
const scores = (text: string) => text.split('').map((digit) => (digit === '-' ? null : Number(digit)));

const seed = candidate(0, 'a b c', [], scores('00000000'));
const left = candidate(1, 'A b c', [0], scores('11110000'));
const right = candidate(2, 'a B c', [0], scores('00001111'));

describe('MergeProposer', () => {
  it('a merge takes each component from the parent that changed it, even if the ancestor has score 0', () => {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        const proposal = proposer(n).propose(view([seed, left, right], [1, 2]));
        expect(proposal).toMatchObject({ parents: [1, 2], ancestor: 0, texts: { a: 'A', b: 'B', c: 'c' } });
      }),
    );
  });

  it('a merge draws evenly among ancestors that all have score 0', () => {
    const middle = candidate(1, 'a b C', [0], scores('00000000'));
    const first = candidate(2, 'A b C', [1], scores('11110000'));
    const second = candidate(3, 'a B C', [1], scores('00001111'));
    const drawn = Array.from(
      { length: 200 },
      (_, n) => proposer(n).propose(view([seed, middle, first, second], [2, 3]))!.ancestor,
    );
    expect(new Set(drawn)).toEqual(new Set([0, 1]));
    expect(Math.abs(drawn.filter((ancestor) => ancestor === 0).length - 100)).toBeLessThan(30);
  });

  it('a merge takes a component that both parents changed from the better one, and draws on a tie', () => {
    const better = candidate(1, 'A b C1', [0], scores('11111100'));
    const worse = candidate(2, 'a B C2', [0], scores('00000011'));
    expect(proposer().propose(view([seed, better, worse], [1, 2]))?.texts).toEqual({
      a: 'A',
      b: 'B',
      c: 'C1',
    });

    const equal = candidate(2, 'a B C2', [0], scores('00111111'));
    const drawn = Array.from(
      { length: 40 },
      (_, n) => proposer(n).propose(view([seed, better, equal], [1, 2]))!.texts.c,
    );
    expect(new Set(drawn)).toEqual(new Set(['C1', 'C2']));
  });

  it('the subsample of a merge has examples on which either parent is better and on which they tie', () => {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        const first = candidate(1, 'A b c', [0], scores('11100000'));
        const second = candidate(2, 'a B c', [0], scores('00011100'));
        const { subsample } = proposer(n).propose(view([seed, first, second], [1, 2]))!;
        expect(new Set(subsample).size).toBe(5);
        expect(subsample.slice(0, 2).every((position) => position < 3)).toBe(true);
        expect(subsample.slice(2, 4).every((position) => position >= 3 && position < 6)).toBe(true);
        expect(subsample[4]).toBeGreaterThanOrEqual(6);
      }),
    );
  });

  it('the subsample of a merge has only examples that both parents were scored on, repeated if there are few', () => {
    const first = candidate(1, 'A b c', [0], scores('110-----'));
    const second = candidate(2, 'a B c', [0], scores('0101----'));
    const { subsample } = proposer(0, { minOverlap: 3 }).propose(view([seed, first, second], [1, 2]))!;
    expect(subsample).toHaveLength(5);
    expect(subsample.every((position) => position < 3)).toBe(true);
    expect(proposer(0, { minOverlap: 4 }).propose(view([seed, first, second], [1, 2]))).toBeUndefined();
  });

  it('MergeProposer does not merge the same pair twice with the same ancestor', () => {
    const merger = proposer();
    expect(merger.propose(view([seed, left, right], [1, 2]))).toBeDefined();
    expect(merger.propose(view([seed, left, right], [1, 2]))).toBeUndefined();
  });

  it('MergeProposer does not merge a pair twice even if the second merge would draw other texts', () => {
    const first = candidate(1, 'A b C1', [0], scores('11110000'));
    const second = candidate(2, 'a B C2', [0], scores('00001111'));
    for (let n = 0; n < 20; n++) {
      const merger = proposer(n);
      expect(merger.propose(view([seed, first, second], [1, 2]))).toBeDefined();
      expect(merger.propose(view([seed, first, second], [1, 2]))).toBeUndefined();
    }
  });

  it.each<[string, ScoredCandidate<Names>[], number[]]>([
    ['fewer than two candidates on the frontier', [seed, left, right], [1]],
    ['a parent and its child', [seed, left, candidate(2, 'A B c', [1], scores('11111111'))], [1, 2]],
    [
      'parents of which one is worse than the ancestor',
      [candidate(0, 'a b c', [], scores('11111110')), left, right],
      [1, 2],
    ],
    [
      'parents without a component that only one of them changed',
      [seed, candidate(1, 'A b c', [0], scores('11110000')), candidate(2, 'A2 b c', [0], scores('00001111'))],
      [1, 2],
    ],
  ])('MergeProposer proposes no merge of %s', (_, candidates, frontier) => {
    expect(proposer().propose(view(candidates, frontier))).toBeUndefined();
  });

  it('MergeProposer proposes no merge that is already known', () => {
    expect(proposer(0, { isNew: () => false }).propose(view([seed, left, right], [1, 2]))).toBeUndefined();
  });
});

describe('merges in a run', () => {
  const setup = {
    components: ['extract', 'route', 'answer'],
    trainset: tokenExamples('train', 12, { components: ['extract', 'route', 'answer'] }),
    valset: tokenExamples('valid', 12, { components: ['extract', 'route', 'answer'] }),
    useMerge: true,
    mergeValOverlapFloor: 1,
    maxMetricCalls: 3_000,
    maxIterations: 40,
  } as const;

  it('a run never accepts more merges than maxMergeInvocations, even if several are due at once', async () => {
    let merges = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 500 }),
        fc.integer({ min: 0, max: 3 }),
        async (n, maxMergeInvocations) => {
          const run = tokenRun({
            ...setup,
            seed: n,
            maxMergeInvocations,
            samplingStrategy: { parents: 2, mutations: 2 },
          });
          const result = await optimize(run.options);
          const accepted = result.candidates.filter(({ source }) => source === 'merge');
          merges += accepted.length;
          expect(accepted.length).toBeLessThanOrEqual(maxMergeInvocations);
        },
      ),
      { numRuns: 25 },
    );
    expect(merges).toBeGreaterThan(5);
  });

  it('an accepted merge counts towards maxMergeInvocations even if the evaluation policy scores it on nothing', async () => {
    let isMerge = false;
    const run = tokenRun({
      ...setup,
      maxMergeInvocations: 1,
      seed: 0,
      valEvaluationPolicy: {
        next: ({ scores }) => (isMerge || scores[0] !== null ? [] : [...scores.keys()]),
      },
      onEvent({ type }) {
        if (type === 'merge_evaluated') isMerge = true;
        if (type === 'iteration_started') isMerge = false;
      },
    });
    const result = await optimize(run.options);
    const accepted = run.decisions().filter((event) => event.type === 'merge_evaluated' && event.accepted);
    expect(accepted).toHaveLength(1);
    expect(result.candidates.every(({ source }) => source !== 'merge')).toBe(true);
  });

  it('a merge is only tried if the metric calls left also suffice for its evaluation on the valset', async () => {
    const of = async (maxMetricCalls: number) => {
      const run = tokenRun({ ...setup, cacheEvaluation: false, seed: 3, maxMetricCalls });
      return { result: await optimize(run.options), decisions: run.decisions() };
    };
    const free = (await of(3_000)).decisions;
    const first = free.findIndex(({ type }) => type === 'merge_evaluated');
    const spent = free.slice(0, first).findLast((event) => event.type === 'iteration_finished')!.metricCalls;
    const cost = 5 + setup.valset.length;
    for (const [budget, merges] of [
      [spent + cost - 1, 0],
      [spent + cost, 1],
    ] as const) {
      const { result, decisions } = await of(budget);
      expect(decisions.filter(({ type }) => type === 'merge_evaluated')).toHaveLength(merges);
      expect(result.candidates.every(({ coverage }) => coverage === setup.valset.length)).toBe(true);
    }
  });

  it('a merge follows an accepted mutation, uses up its iteration, and is added with both parents if accepted', async () => {
    const run = tokenRun({ ...setup, maxMergeInvocations: 5, seed: 3 });
    const result = await optimize(run.options);
    const decisions = run.decisions();
    const merges = decisions.filter((event) => event.type === 'merge_evaluated');
    expect(merges.length).toBeGreaterThan(0);
    for (const { iteration, parents, scores, parentScores, accepted, subsample, texts } of merges) {
      const before = result.candidates.filter((other) => other.iteration === iteration - 1);
      expect(before.some(({ source }) => source === 'reflection')).toBe(true);
      expect(
        decisions.some((event) => event.type === 'task_evaluated' && event.iteration === iteration),
      ).toBe(false);

      const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
      expect(parentScores).toEqual(
        parents.map((parent) => subsample.map((position) => result.candidates[parent]!.scores[position])),
      );
      expect(accepted).toBe(sum(scores) >= Math.max(...parentScores.map(sum)));
      const added = result.candidates.find((other) => other.iteration === iteration);
      expect(added?.parents).toEqual(accepted ? parents : undefined);
      if (accepted) expect(added?.texts).toEqual(texts);
    }
  });
});
