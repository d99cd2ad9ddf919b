import { describe, expect, it } from 'vitest';
import {
  candidateAdded,
  iterationStarted,
  newBest,
  rollouts,
  runFinished,
  runStarted,
  warning,
} from './fixtures/sample-run.ts';
import { RunProgress } from './run-progress.ts';

const stateAfter = (...events: Parameters<RunProgress['apply']>[0][]) => {
  const run = new RunProgress(1_000);
  for (const event of events) run.apply(event);
  return run;
};

describe('the stage', () => {
  it('the stage of RunProgress follows the seed, the iterations and the testset', () => {
    const run = new RunProgress(0);
    const stages = [runStarted(), iterationStarted(1_200), ...rollouts(90, 1, 'testset')].map((event) => {
      run.apply(event);
      return run.stage;
    });
    expect(stages).toEqual(['scoring the seed', 'iteration 1,200', 'held-out test']);
  });
});

describe('announcements', () => {
  const texts = (run: RunProgress, event: Parameters<RunProgress['apply']>[0]) =>
    run.apply(event).map(({ text }) => text);

  it('RunProgress announces the seed and every new best with its gain over the previous best', () => {
    const run = stateAfter(runStarted());
    expect(texts(run, candidateAdded())).toEqual(['Seed: 0.500 on 4 validation examples']);
    expect(texts(run, newBest())).toEqual([
      'New best: 0.750 (+0.250), candidate 1 by reflection in iteration 1',
    ]);
    expect(texts(run, newBest({ index: 2, scores: [0, 0, 0, 0], bestIndex: 1 }))).toEqual([]);
    expect(run).toMatchObject({ candidates: 3, bestScore: 0.75, seedScore: 0.5 });
  });

  it('RunProgress announces on how many validation examples a partly scored candidate was scored', () => {
    expect(texts(stateAfter(runStarted()), candidateAdded({ scores: [1, null, null, null] }))).toEqual([
      'Seed: 1.000 on 1 of 4 validation examples',
    ]);
  });

  it('RunProgress announces each warning once, including those of run_finished', () => {
    const run = stateAfter(runStarted());
    expect(texts(run, warning('Odd.\nVery\u001b[31m odd.'))).toEqual(['Warning: Odd.\n  Very␛[31m odd.']);
    expect(texts(run, warning('Odd.\nVery\u001b[31m odd.'))).toEqual([]);
    const end = texts(run, runFinished({ warnings: ['Odd.\nVery\u001b[31m odd.', 'Late.'] }));
    expect(end.filter((text) => text.startsWith('Warning'))).toEqual(['Warning: Late.']);
  });

  it('RunProgress announces stop reason, scores and test result at the end', () => {
    const run = stateAfter(runStarted(), candidateAdded(), newBest());
    const test = {
      size: 40,
      seedScore: 0.5,
      bestScore: 0.6,
      seedScores: [],
      bestScores: [],
      gain: 0.1,
      interval: [-0.05, 0.25] as const,
      metricCalls: 80,
    };
    expect(texts(run, runFinished({ bestIndex: 1, test }))).toEqual([
      'Ended after 1m 05s: the metric calls left do not suffice for another iteration (maxMetricCalls)',
      'Validation: best 0.750, seed 0.500; 2 candidates, 100 metric calls',
      'Held-out test: 0.500 → 0.600 (+0.100, 95% interval -0.050 to +0.250, 40 examples)',
    ]);
  });

  it('RunProgress announces the cost at the end if it is known', () => {
    const usage = { modelCalls: 100, inputTokens: 1, outputTokens: 1, costUsd: 1.2 };
    expect(texts(stateAfter(runStarted(), candidateAdded()), runFinished({ usage }))[1]).toMatch(
      /100 metric calls, \$1\.20$/,
    );
  });

  it('RunProgress announces at the end that the seed is the best, or that no candidate was scored', () => {
    expect(texts(stateAfter(runStarted(), candidateAdded()), runFinished())[1]).toMatch(
      /the seed is still the best at 0\.500/,
    );
    expect(texts(stateAfter(runStarted()), runFinished())[1]).toMatch(/no candidate was scored/);
  });
});
