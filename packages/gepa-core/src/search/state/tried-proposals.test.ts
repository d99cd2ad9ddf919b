import { describe, expect, it } from 'vitest';
import type { DecisionEvent } from '../../events.ts';
import { TriedProposals } from './tried-proposals.ts';

const added = (index: number, texts: Record<string, string>, iteration: number): DecisionEvent => ({
  type: 'candidate_added',
  index,
  texts,
  parents: [0],
  source: 'reflection',
  iteration,
  scores: [0.5],
  metricCalls: 9,
  bestIndex: index,
});

describe('TriedProposals', () => {
  it('an attempt has the minibatch and scores of its task and the number of the candidate that it made', () => {
    const tried = new TriedProposals();
    const events: DecisionEvent[] = [
      { type: 'iteration_started', iteration: 1 },
      {
        type: 'task_evaluated',
        iteration: 1,
        task: 0,
        proposal: 1,
        parent: 0,
        minibatch: [4, 2],
        scores: [0, 1],
        skipped: false,
      },
      {
        type: 'task_evaluated',
        iteration: 1,
        task: 1,
        proposal: 1,
        parent: 0,
        minibatch: [1, 3],
        scores: [0, 0],
        skipped: false,
      },
      {
        type: 'proposal_evaluated',
        iteration: 1,
        task: 0,
        proposal: 1,
        parent: 0,
        texts: { a: 'worse' },
        before: [0, 1],
        after: [0, 0],
        accepted: false,
        selected: false,
      },
      {
        type: 'proposal_evaluated',
        iteration: 1,
        task: 1,
        proposal: 1,
        parent: 0,
        texts: { a: 'better' },
        before: [0, 0],
        after: [1, 0],
        accepted: true,
        selected: true,
      },
      added(1, { a: 'better', b: 'seed' }, 1),
    ];
    for (const event of events) tried.apply(event);
    expect(tried.of(0)).toMatchObject([
      { minibatch: [4, 2], texts: { a: 'worse' }, accepted: false, components: ['a'] },
      { minibatch: [1, 3], texts: { a: 'better' }, accepted: true, candidate: 1 },
    ]);
    expect(tried.of(0)[0]).not.toHaveProperty('candidate');
    expect(tried.of(1)).toEqual([]);
    expect([tried.scoreOf(0, 2), tried.scoreOf(1, 1), tried.scoreOf(1, 4)]).toEqual([1, 1, undefined]);
  });

  it('a rejected answer is an attempt without a text and without scores', () => {
    const tried = new TriedProposals();
    tried.apply({
      type: 'proposal_rejected',
      iteration: 1,
      task: 0,
      proposal: 1,
      parent: 0,
      components: ['a'],
      reason: 'lost_placeholder',
      message: 'It lost {question}.',
    });
    expect(tried.of(0)).toMatchObject([
      { texts: {}, after: [], rejection: { reason: 'lost_placeholder', message: 'It lost {question}.' } },
    ]);
  });
});

it('a component whose new text was refused has an attempt of its own with its reason, also beside one that was run', () => {
  const tried = new TriedProposals();
  const refused = { b: { reason: 'too_long', message: 'b is too long.' } } as const;
  tried.apply({
    type: 'proposal_evaluated',
    iteration: 1,
    task: 0,
    proposal: 1,
    parent: 0,
    texts: { a: 'new' },
    before: [0],
    after: [1],
    accepted: true,
    selected: true,
    refused,
  });
  tried.apply({
    type: 'proposal_rejected',
    iteration: 2,
    task: 0,
    proposal: 1,
    parent: 0,
    components: ['a', 'b'],
    reason: 'too_long',
    message: 'b is too long.',
    refused,
  });
  expect(tried.of(0).map(({ components, rejection }) => [components, rejection?.message])).toEqual([
    [['a'], undefined],
    [['b'], 'b is too long.'],
    [['b'], 'b is too long.'],
  ]);
});
