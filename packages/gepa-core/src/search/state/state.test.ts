import { expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { tokenRun } from '../../testing/fixtures/token-run.ts';
import { SearchState } from './state.ts';

it('the frontier is the same whether or not it was read before the final comparison', async () => {
  const run = tokenRun({ search: 'adaptive', maxMetricCalls: 400 });
  await optimize(run.options);
  const decisions = run.decisions();
  // Adds scores of the pool right before those of the final comparison.
  const finals = decisions.findIndex(
    (event) => event.type === 'candidate_scored' && event.purpose !== 'pool',
  );
  expect(finals).toBeGreaterThan(0);
  const [read, unread] = [new SearchState(), new SearchState()];
  for (const [position, event] of decisions.entries()) {
    if (position === finals) {
      const { pool } = unread;
      const positions = pool.part.slice(0, 1);
      const scored = { ...decisions[finals]!, index: 0, positions, scores: [0.5], purpose: 'pool' } as never;
      read.apply(scored);
      unread.apply(scored);
      read.frontierKeys();
    }
    read.apply(event);
    unread.apply(event);
  }
  expect(unread.frontierKeys()).toEqual(read.frontierKeys());
});
