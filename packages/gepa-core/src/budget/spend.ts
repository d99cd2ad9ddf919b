import type { Phase } from '../adapter/adapter.ts';
import type { Usage } from './usage.ts';

/** What time and money are spent on. A child's run on its parent's minibatch is part of the minibatch. */
export type Expense = 'seed' | 'minibatch' | 'valset' | 'merge' | 'testset' | 'reflection';

/** Milliseconds of wall-clock time; `other` is the engine itself and whatever it had to wait for. */
export type TimeSpent = Readonly<Record<Expense | 'other', number>>;

export const expenses = ['seed', 'minibatch', 'valset', 'merge', 'testset', 'reflection'] as const;

export const noTime: TimeSpent = {
  seed: 0,
  minibatch: 0,
  valset: 0,
  merge: 0,
  testset: 0,
  reflection: 0,
  other: 0,
};

export const expenseOf = (phase: Phase): Expense => (phase === 'proposal' ? 'minibatch' : phase);

/** What a part of the run took. */
export interface Spend {
  /** Scored rollouts. */
  readonly metricCalls: number;
  readonly usage: Usage;
}

/** The whole of it, part by part. A judge's model calls are no part of the phase they were made in. */
export type SpendByPhase = Readonly<Record<Expense | 'judge', Spend>>;
