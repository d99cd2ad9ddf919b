// @module-tag slow
import { describe, expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { searchViewOf } from '../../testing/fixtures/search-view.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { tokenMetric } from '../../testing/token-task.ts';
import { sharedDraws } from '../draws.ts';
import { scoredCandidate } from '../state/scored-candidate.ts';
import { MergeProposer } from './merge-proposer.ts';

const components = ['prompt'];

/** A run of one prompt whose merges join the tokens of both versions. */
function promptRun(setup: TokenRunSetup = {}) {
  const run = tokenRun({
    search: 'adaptive',
    components,
    trainset: tokenExamples('train', 12, { components }),
    valset: tokenExamples('valid', 24, { components }),
    useMerge: true,
    maxMetricCalls: 600,
    skipPerfectScore: false,
    ...setup,
  });
  const { propose } = run.options;
  const merges: { readonly text: string; readonly other: string; readonly scores: readonly number[] }[] = [];
  const options = {
    ...run.options,
    propose: async (request: Parameters<NonNullable<typeof propose>>[0]) => {
      const { other, candidate } = request;
      if (other === undefined) return propose!(request);
      const [text, otherText] = [candidate.prompt!, other.candidate.texts.prompt!];
      merges.push({ text, other: otherText, scores: other.scores });
      return { prompt: [...new Set(`${text} ${otherText}`.split(' '))].join(' ') };
    },
  };
  return { ...run, options, merges };
}

const of = <Type extends string, Event extends { readonly type: string }>(
  events: readonly Event[],
  type: Type,
): Extract<Event, { readonly type: Type }>[] =>
  events.filter((event): event is Extract<Event, { readonly type: Type }> => event.type === type);

describe('a merge of single prompts', () => {
  it('a reflection combines two candidates, and the result passes the gate of merges before it joins the pool', async () => {
    const run = promptRun();
    const result = await optimize(run.options);
    const merged = of(run.decisions(), 'merge_evaluated');
    expect(merged.length).toBeGreaterThan(0);
    expect(merged.some(({ accepted }) => accepted)).toBe(true);
    for (const { parents, subsample, scores, parentScores, accepted, texts, iteration, ...rest } of merged) {
      expect(rest).not.toHaveProperty('ancestor');
      const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
      expect(parentScores).toEqual(
        parents.map((parent) => subsample.map((position) => result.candidates[parent]!.scores[position])),
      );
      expect(accepted).toBe(sum(scores) >= Math.max(...parentScores.map(sum)));
      const added = result.candidates.find((candidate) => candidate.iteration === iteration);
      expect(added?.source).toBe(accepted ? 'merge' : undefined);
      if (accepted) expect(added).toMatchObject({ parents, texts });
    }
    for (const { scores } of run.merges) expect(scores).toHaveLength(3);
  });

  it('both parents are run on the minibatch of a merge, and nothing exceeds the metric calls', async () => {
    for (const maxMetricCalls of [60, 101, 163, 240]) {
      const run = promptRun({ maxMetricCalls, cacheEvaluation: false });
      const result = await optimize(run.options);
      expect(result.totalMetricCalls).toBeLessThanOrEqual(maxMetricCalls);
    }
  });

  it('what the feedback on the minibatch reveals is known when the texts are combined', async () => {
    const score = tokenMetric();
    const run = promptRun({
      metric: async (rollout) => ({
        ...((await score(rollout)) as { score: number }),
        feedback: 'Say more.',
      }),
      // So many that a minibatch has examples that no reflection has read.
      trainset: tokenExamples('train', 200, { components }),
    });
    const { propose } = run.options;
    const unknown: string[][] = [];
    let minibatch: string[] = [];
    await optimize({
      ...run.options,
      onEvent: (event) => {
        if (event.type === 'iteration_started') minibatch = [];
        const isRead = event.type === 'rollout_finished' && event.phase === 'minibatch' && event.score < 1;
        if (isRead) minibatch.push(event.exampleId);
      },
      propose: async (request) => {
        if (request.other !== undefined) {
          const known = request.learned.prompt!.demands.flatMap(({ exampleIds }) => exampleIds);
          unknown.push(minibatch.filter((id) => !known.includes(id)));
        }
        return propose(request);
      },
    });
    expect(unknown.length).toBeGreaterThan(0);
    expect(unknown.flat()).toEqual([]);
  });

  it('an answer that cannot be used ends the iteration with its reason', async () => {
    const run = promptRun({ maxIterations: 30 });
    const { propose } = run.options;
    await optimize({
      ...run.options,
      propose: async (request) =>
        request.other === undefined ? propose(request) : { prompt: request.candidate.prompt! },
    });
    const rejected = of(run.decisions(), 'proposal_rejected').filter(({ reason }) => reason === 'unchanged');
    expect(rejected.length).toBeGreaterThan(0);
    expect(of(run.decisions(), 'merge_evaluated')).toEqual([]);
    for (const { iteration } of rejected) {
      expect(of(run.decisions(), 'task_evaluated').some((task) => task.iteration === iteration)).toBe(false);
    }
  });

  it('the reference search does not combine texts', async () => {
    const run = promptRun({ search: 'reference' });
    await optimize(run.options);
    expect(run.merges).toEqual([]);
  });

  it('the reflection model reads both versions and where each is better', async () => {
    const prompts: string[] = [];
    const run = promptRun();
    const { propose, ...options } = run.options;
    let number = 0;
    const tokens = ['red', 'green', 'blue', 'round', 'square', 'soft', 'hard', 'old'];
    await optimize({
      ...options,
      maxIterations: 40,
      reflectionModel: async ({ prompt }) => {
        prompts.push(prompt);
        return `\`\`\`\`\nbase ${tokens[number++ % 8]} ${tokens[(number * 3) % 8]}\n\`\`\`\``;
      },
    });
    const merge = prompts.find((prompt) => prompt.includes('# Another version'));
    expect(merge).toMatch(
      /# Both versions\n\n- “.*: [\d.]+ with the current version, [\d.]+ with the other\./,
    );
    expect(merge).toContain('Combine both versions into one text that does well wherever either does');
    expect(prompts.filter((prompt) => !prompt.includes('# Another version')).join()).not.toContain(
      'Both versions',
    );
  });
});

describe('the pair of a merge', () => {
  const candidate = (index: number, parents: readonly number[], scores: readonly number[]) =>
    scoredCandidate({
      index,
      texts: { prompt: `${index}` },
      parents,
      source: index === 0 ? 'seed' : 'reflection',
      iteration: index,
      scores,
      metricCalls: 0,
    });
  const proposer = () =>
    new MergeProposer({ names: ['prompt'], minOverlap: 5, draws: sharedDraws(0), isNew: () => true });
  const seed = candidate(0, [], [0, 0, 0, 0, 0, 0]);

  it('two candidates that are each better somewhere are combined once, the better one first', () => {
    const search = searchViewOf([
      seed,
      candidate(1, [0], [1, 0, 0, 0, 0, 0]),
      candidate(2, [0], [0, 1, 1, 0, 0, 0]),
    ]);
    const merges = proposer();
    expect(merges.pair(search)?.parents).toEqual([2, 1]);
    expect(merges.pair(search)).toBeUndefined();
  });

  it('a candidate is not combined with its descendants', () => {
    const search = searchViewOf([
      seed,
      candidate(1, [0], [1, 0, 0, 0, 0, 0]),
      candidate(2, [1], [0, 1, 1, 0, 0, 0]),
    ]);
    expect(proposer().pair(search)).toBeUndefined();
  });
});
