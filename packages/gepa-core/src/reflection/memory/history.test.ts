import { describe, expect, it } from 'vitest';
import type { DecisionEvent } from '../../events.ts';
import { SearchState } from '../../search/state/state.ts';
import { MAX_HISTORY_CHARACTERS, regressionsOf, renderHistory, triedTexts } from './history.ts';

const started: DecisionEvent = {
  type: 'run_started',
  runId: 'r',
  seed: 0,
  components: ['a', 'b'],
  trainsetSize: 4,
  valsetSize: 1,
  frontierType: 'instance',
  maxMetricCalls: undefined,
};

const candidate = (
  index: number,
  texts: Record<string, string>,
  parents: number[],
  mean: number,
): DecisionEvent => ({
  type: 'candidate_added',
  index,
  texts,
  parents,
  source: index === 0 ? 'seed' : 'reflection',
  iteration: index,
  scores: [mean],
  metricCalls: 0,
  bestIndex: index,
});

const tasks = (
  iteration: number,
  parent: number,
  texts: Record<string, string>,
  scores: { minibatch: number[]; before: number[]; after: number[] },
  accepted = false,
): DecisionEvent[] => [
  { type: 'iteration_started', iteration },
  {
    type: 'task_evaluated',
    iteration,
    task: 0,
    proposal: 1,
    parent,
    minibatch: scores.minibatch,
    scores: scores.before,
    skipped: false,
  },
  {
    type: 'proposal_evaluated',
    iteration,
    task: 0,
    proposal: 1,
    parent,
    texts,
    before: scores.before,
    after: scores.after,
    accepted,
    selected: accepted,
  },
];

function stateOf(...events: (DecisionEvent | DecisionEvent[])[]): SearchState {
  const state = new SearchState();
  for (const event of [started, ...events].flat()) state.apply(event);
  return state;
}

const render = (state: SearchState, parent: number, component = 'a') =>
  renderHistory({
    tried: triedTexts(state, parent, component),
    regressions: [],
    parent,
    nameOf: (example) => `“input ${example}”`,
  });

const seed = candidate(0, { a: 'Be brief.\nUse JSON.', b: 'B.' }, [], 0.4);

describe('the history of a parent', () => {
  it('a text that was worse is shown as a diff with its scores and the examples that moved', () => {
    const state = stateOf(
      seed,
      tasks(1, 0, { a: 'Be brief.\nUse YAML.' }, { minibatch: [3, 1], before: [1, 0], after: [0, 0] }),
    );
    expect(render(state, 0)).toBe(
      [
        '- Iteration 1, from candidate 0: not kept. Score 0.5 → 0 on 2 examples. “input 3”: 1 → 0.',
        '  - Use JSON.',
        '  + Use YAML.',
      ].join('\n'),
    );
    expect(render(state, 0, 'b')).toBeUndefined();
  });

  it('the attempts on ancestors follow those on the parent, with what was kept', () => {
    const state = stateOf(
      seed,
      tasks(1, 0, { a: 'Kept.' }, { minibatch: [0], before: [0], after: [1] }, true),
      candidate(1, { a: 'Kept.', b: 'B.' }, [0], 0.75),
      tasks(2, 1, { a: 'Own.', b: 'New.' }, { minibatch: [2], before: [0], after: [0] }),
    );
    const history = render(state, 1)!;
    expect(history.indexOf('Own.')).toBeLessThan(history.indexOf('Iteration 1'));
    expect(history).toContain('kept as candidate 1 (0.75 on validation). Score 0 → 1 on 1 example.');
    expect(history).toContain('It changed together with b.');
    expect(render(state, 0)).not.toContain('Own.');
  });

  it('a rejected answer is shown with its reason, and repeated attempts are shown once', () => {
    const rejected = (iteration: number): DecisionEvent => ({
      type: 'proposal_rejected',
      iteration,
      task: 0,
      proposal: 1,
      parent: 0,
      components: ['a'],
      reason: 'lost_placeholder',
      message: 'The new text of "a" lost {question}.',
    });
    const again = { minibatch: [0], before: [1], after: [0] };
    const state = stateOf(
      seed,
      rejected(1),
      rejected(2),
      tasks(3, 0, { a: 'Same.' }, again),
      tasks(4, 0, { a: 'Same.' }, { ...again, minibatch: [1] }),
    );
    expect(render(state, 0)!.split('\n')).toEqual([
      '- Iterations 3 and 4, from candidate 0: not kept. Score 1 → 0 on 2 examples. “input 0”: 1 → 0. “input 1”: 1 → 0.',
      '  (all of the text is new)',
      '  + Same.',
      '- Iterations 1 and 2, from candidate 0: rejected. The new text of "a" lost {question}.',
    ]);
  });

  it('a refused text is shown as a diff with the reason', () => {
    const refusal = { reason: 'too_long', message: 'It is too long.' } as const;
    const event: DecisionEvent = {
      type: 'proposal_rejected',
      iteration: 1,
      task: 0,
      proposal: 1,
      parent: 0,
      components: ['a'],
      ...refusal,
      refused: { a: { ...refusal, text: 'Refused.' } },
    };
    expect(render(stateOf(seed, event), 0)!.split('\n')).toEqual([
      '- Iteration 1, from candidate 0: rejected. It is too long.',
      '  (all of the text is new)',
      '  + Refused.',
    ]);
  });

  it('an outage is no attempt at a text', () => {
    const state = stateOf(seed, {
      type: 'proposal_rejected',
      iteration: 1,
      task: 0,
      proposal: 1,
      parent: 0,
      components: ['a'],
      reason: 'unavailable',
      message: 'down',
    });
    expect(render(state, 0)).toBeUndefined();
  });

  it('a long history is bounded and keeps the newest attempts', () => {
    const state = stateOf(
      seed,
      ...Array.from({ length: 60 }, (_, i) =>
        tasks(
          i + 1,
          0,
          { a: `Text ${i}. ${'words '.repeat(200)}` },
          { minibatch: [0], before: [1], after: [0] },
        ),
      ),
    );
    const history = render(state, 0)!;
    expect(history.length).toBeLessThan(MAX_HISTORY_CHARACTERS + 100);
    expect(history).toContain('Iteration 60');
    expect(history).toMatch(/\[… \d+ earlier attempts left out …\]$/);
  });

  it('an example that an ancestor solved and the parent fails is a regression', () => {
    const state = stateOf(
      seed,
      tasks(1, 0, { a: 'Kept.' }, { minibatch: [0, 1], before: [1, 0], after: [1, 1] }, true),
      candidate(1, { a: 'Kept.', b: 'B.' }, [0], 0.75),
    );
    const regressions = regressionsOf(state, 1, [0, 1, 2], [0, 0, 0], 1);
    expect(regressions).toEqual([{ example: 0, ancestor: 0 }]);
    expect(renderHistory({ tried: [], regressions, parent: 1, nameOf: String })).toBe(
      '- An earlier text (candidate 0) solved 0; the current one no longer does.',
    );
  });
});
