import type { Phase } from '../adapter/adapter.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

/** The parts of a run to which time and spend are attributed. A child's rollouts on a minibatch belong to `minibatch`. */
export type SpendPhase = 'seed' | 'minibatch' | 'valset' | 'merge' | 'testset' | 'reflection';

/** Milliseconds of wall-clock time by phase; `other` is the time in which no call runs. */
export type TimeSpent = Readonly<Record<SpendPhase | 'other', number>>;

export const spendPhases = ['seed', 'minibatch', 'valset', 'merge', 'testset', 'reflection'] as const;

export const noTime = Object.fromEntries([...spendPhases, 'other'].map((phase) => [phase, 0])) as TimeSpent;

export const spendPhaseOf = (phase: Phase): SpendPhase => (phase === 'proposal' ? 'minibatch' : phase);

export const totalTime = (time: TimeSpent): number => Object.values(time).reduce((sum, ms) => sum + ms, 0);

/** The spend of a part of the run. */
export interface Spend {
  /** Scored rollouts. */
  readonly metricCalls: number;
  readonly usage: Usage;
}

/** The spend of a run by phase. A judge's model calls count under `judge`, not under the phase of their rollout. */
export type SpendByPhase = Readonly<Record<SpendPhase | 'judge', Spend>>;

/** A call that has ended, whether or not it has a value. */
export interface SettledCall {
  readonly phase: SpendPhase;
  readonly isScored: boolean;
  readonly usage: Usage;
  /** The usage of the metric, which is not part of `usage`. */
  readonly judgeUsage: Usage;
  readonly retries: number;
}

const nothingSpent: Spend = { metricCalls: 0, usage: noUsage };

/** The spend report: a fold over settled calls, replayed ones included. Progress, result and estimate read it. */
export class SpendReport {
  metricCalls = 0;
  retries = 0;
  usage: Usage = noUsage;
  byPhase = Object.fromEntries(
    [...spendPhases, 'judge'].map((phase) => [phase, nothingSpent]),
  ) as SpendByPhase;

  add({ phase, isScored, usage, judgeUsage, retries }: SettledCall): void {
    this.retries += retries;
    this.#add(phase, { metricCalls: isScored ? 1 : 0, usage });
    if (judgeUsage !== noUsage) this.#add('judge', { metricCalls: 0, usage: judgeUsage });
  }

  #add(phase: SpendPhase | 'judge', { metricCalls, usage }: Spend): void {
    const spent = this.byPhase[phase];
    const sum = { metricCalls: spent.metricCalls + metricCalls, usage: addUsage(spent.usage, usage) };
    this.byPhase = { ...this.byPhase, [phase]: sum };
    this.metricCalls += metricCalls;
    this.usage = addUsage(this.usage, usage);
  }
}
