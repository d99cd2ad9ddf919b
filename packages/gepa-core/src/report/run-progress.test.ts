import { describe, expect, it } from 'vitest';
import { noUsage } from '../budget/usage.ts';
import type { GepaEvent } from '../events.ts';
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
      return run.stage(0);
    });
    expect(stages).toEqual(['scoring the seed', 'iteration 1,200', 'held-out test']);
  });
});

describe('the stage during a reflection', () => {
  const reflection = { iteration: 1, task: 0, components: ['decision.system'] };
  const finished: GepaEvent = {
    type: 'reflection_finished',
    ...reflection,
    texts: {},
    rejected: {},
    usage: noUsage,
    durationMs: 8_000,
  };

  it('the stage names the component of a reflection and how long it takes, until it ends', () => {
    const run = stateAfter(runStarted(), iterationStarted(1));
    run.apply({ type: 'reflection_started', ...reflection }, 2_000);
    expect(run.stage(10_000)).toBe('reflecting on decision.system, 8s');
    run.apply(finished, 10_000);
    expect(run.stage(11_000)).toBe('iteration 1');
  });

  it('the stage counts several components, and several reflections', () => {
    const run = stateAfter(runStarted(), iterationStarted(1));
    run.apply({ type: 'reflection_started', ...reflection, components: ['a', 'b'] }, 0);
    expect(run.stage(1_000)).toBe('reflecting on 2 texts, 1s');
    run.apply({ type: 'reflection_started', ...reflection, task: 1 }, 500);
    expect(run.stage(1_000)).toBe('2 reflections, 1s');
    run.apply(iterationStarted(2));
    expect(run.stage(1_000)).toBe('iteration 2');
  });
});

describe('announcements', () => {
  const texts = (run: RunProgress, event: Parameters<RunProgress['apply']>[0]) =>
    run.apply(event).map(({ text }) => text);

  it('RunProgress announces the seed and every new best with its gain over the previous best, but no tie', () => {
    const run = stateAfter(runStarted());
    expect(texts(run, candidateAdded())).toEqual(['Seed: 0.500 on 4 validation examples']);
    expect(texts(run, newBest())).toEqual([
      'New best: 0.750 (+0.250), candidate 1 by reflection in iteration 1',
    ]);
    expect(texts(run, newBest({ index: 2, scores: [0, 0, 0, 0], bestIndex: 1 }))).toEqual([]);
    expect(texts(run, newBest({ index: 3, scores: [0, 1, 1, 1], bestIndex: 3 }))).toEqual([]);
    expect(run).toMatchObject({ candidates: 4, bestScore: 0.75, seedScore: 0.5 });
  });

  it('RunProgress announces on how many validation examples a partly scored candidate was scored', () => {
    expect(texts(stateAfter(runStarted()), candidateAdded({ scores: [1, null, null, null] }))).toEqual([
      'Seed: 1.000 on 1 of 4 validation examples',
    ]);
  });

  it('RunProgress announces how many rollouts of the seed failed, and the first message', () => {
    const event = candidateAdded({ failed: 2, error: `Unexpected token\nat line 1` });
    expect(stateAfter(runStarted()).apply(event)).toEqual([
      { kind: 'warning', text: 'Seed: 0.500 on 4 validation examples (2 failed, first: Unexpected token)' },
    ]);
  });

  it('RunProgress announces each retry whose message is new, at most five', () => {
    const run = stateAfter(runStarted());
    const messages = ['overloaded', 'overloaded', 'a', 'b', 'c', 'd', 'e'].flatMap((message) =>
      texts(run, { type: 'retried', what: 'reflection', attempt: 1, message }),
    );
    expect(messages).toHaveLength(5);
    expect(messages[0]).toBe('Retrying a reflection: overloaded');
    expect(run.retries).toBe(7);
  });

  const rejected = (proposal: number): GepaEvent[] => [
    { type: 'iteration_started', iteration: proposal },
    {
      type: 'task_evaluated',
      iteration: proposal,
      task: 0,
      proposal,
      parent: 0,
      minibatch: [0, 1],
      scores: [0, 0.5],
      skipped: false,
      feedback: 'Name the queue.',
    },
    {
      type: 'proposal_evaluated',
      iteration: proposal,
      task: 0,
      proposal,
      parent: 0,
      texts: { prompt: 'New.' },
      before: [0, 0.5],
      after: [0, 0.25],
      accepted: false,
      selected: false,
    },
  ];

  it('RunProgress announces ten rejected proposals in a row, then twenty, with why and a line of feedback', () => {
    const run = stateAfter(runStarted(), candidateAdded());
    const lines = Array.from({ length: 25 }, (_, i) => rejected(i + 1))
      .flat()
      .flatMap((event) => texts(run, event));
    expect(lines).toEqual(
      [10, 20].map(
        (count) =>
          `${count} proposals in a row were not accepted (in all ${count} not better on the minibatch). The last new text of prompt: The child scored 0.25 in all on 2 examples, and its parent 0.5. Feedback there: “Name the queue.”`,
      ),
    );
  });

  it('RunProgress does not repeat at the end the rejection that it announced last', () => {
    const run = stateAfter(
      runStarted(),
      candidateAdded(),
      ...Array.from({ length: 10 }, (_, i) => rejected(i + 1)).flat(),
    );
    expect(texts(run, runFinished()).at(-1)).toBe(
      'Search: 10 proposals, none accepted; 10 not better on the minibatch',
    );
  });

  it('RunProgress says at the end why nothing was accepted', () => {
    const run = stateAfter(runStarted(), candidateAdded(), ...rejected(1), ...rejected(2));
    expect(texts(run, runFinished()).slice(2)).toEqual([
      'Search: 2 proposals, none accepted; 2 not better on the minibatch',
      'The last new text of prompt: The child scored 0.25 in all on 2 examples, and its parent 0.5. Feedback there: “Name the queue.”',
    ]);
  });

  it('RunProgress ends a message without a full stop before the feedback', () => {
    const failure: GepaEvent = {
      type: 'proposal_rejected',
      iteration: 1,
      task: 0,
      proposal: 1,
      parent: 0,
      components: ['prompt'],
      reason: 'refused',
      message: 'Connection lost',
    };
    const run = stateAfter(runStarted(), candidateAdded(), ...rejected(1).slice(0, 2), failure);
    expect(texts(run, runFinished()).at(-1)).toBe(
      'The last new text of prompt: Connection lost. Feedback there: “Name the queue.”',
    );
  });

  it('RunProgress says what the metric calls that are left do not suffice for', () => {
    const run = stateAfter(runStarted(), candidateAdded());
    expect(texts(run, runFinished({ budgetHeld: { left: 17, needed: 66 } }))[0]).toBe(
      'Ended after 1m 05s: the 17 metric calls that are left do not suffice for another proposal, which can take 66 (maxMetricCalls)',
    );
    // The final comparison did not need all that was kept for it.
    expect(texts(run, runFinished({ budgetHeld: { left: 20, needed: 14 } }))[0]).toBe(
      'Ended after 1m 05s: another proposal can take 14 metric calls, more than the search had besides those kept for the final comparison (maxMetricCalls)',
    );
  });

  it('RunProgress announces a larger part of the valset with the scores there', () => {
    const run = stateAfter(
      runStarted({ valsetSize: 4 }),
      {
        type: 'pool_changed',
        iteration: 0,
        candidates: [],
        part: [0, 1],
        reason: 'the search starts',
        bestIndex: 0,
      },
      candidateAdded({ scores: [1, 0, null, null] }),
      iterationStarted(1),
      newBest({ scores: [1, 1, null, null] }),
      {
        type: 'candidate_scored',
        iteration: 1,
        index: 0,
        positions: [2, 3],
        scores: [0, 0],
        purpose: 'pool',
      },
      {
        type: 'candidate_scored',
        iteration: 1,
        index: 1,
        positions: [2, 3],
        scores: [1, 0],
        purpose: 'pool',
      },
    );
    const grown = { type: 'pool_changed', iteration: 1, candidates: [0, 1], bestIndex: 1 } as const;
    expect(texts(run, { ...grown, part: [0, 1, 2, 3], reason: 'the search stalled' })).toEqual([
      'Candidates are now compared on 4 instead of 2 of 4 validation examples, since the search stalled: best 0.750, seed 0.250 there',
    ]);
    expect(texts(run, { ...grown, part: [0, 1, 2, 3, 0], reason: 'the search stalled' })).toEqual([
      'Candidates run a second time on 1 of these examples, since the search stalled: best 0.750, seed 0.250 there',
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
      candidate: 1,
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
      'Ended after 1m 05s: the metric calls are used up (maxMetricCalls)',
      'Held-out test: 0.500 → 0.600 (+0.100, 95% interval -0.050 to +0.250, 40 examples)',
      'Validation: candidate 1 0.750, seed 0.500; 100 metric calls',
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
    const kept = stateAfter(runStarted(), candidateAdded(), candidateAdded({ index: 1 }));
    expect(texts(kept, runFinished())[1]).toContain('at 0.500, as no candidate is clearly better;');
  });
});
