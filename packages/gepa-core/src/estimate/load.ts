/** What a part of a run consists of. */
export interface Load {
  readonly iterations: number;
  readonly metricCalls: number;
  readonly reflections: number;
  /** Rollouts that wait for one another. */
  readonly rolloutRounds: number;
  /** Reflections that wait for one another. */
  readonly reflectionRounds: number;
}

export const nothing: Load = {
  iterations: 0,
  metricCalls: 0,
  reflections: 0,
  rolloutRounds: 0,
  reflectionRounds: 0,
};

const mapped = (of: (key: keyof Load) => number): Load => ({
  iterations: of('iterations'),
  metricCalls: of('metricCalls'),
  reflections: of('reflections'),
  rolloutRounds: of('rolloutRounds'),
  reflectionRounds: of('reflectionRounds'),
});

export const sum = (...loads: readonly Load[]): Load =>
  mapped((key) => loads.reduce((total, load) => total + load[key], 0));

export const times = (n: number, load: Load): Load => mapped((key) => product(n, load[key]));

/** Nothing, however often, is nothing. */
export const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

/** What one call takes; `undefined` where that is not known. */
export interface CallSize {
  readonly tokens: number | undefined;
  readonly costUsd: number | undefined;
  readonly durationMs: number | undefined;
}

export interface CallSizes {
  readonly rollout: CallSize;
  readonly reflection: CallSize;
}

export const amounts = [
  'metricCalls',
  'iterations',
  'reflections',
  'tokens',
  'costUsd',
  'durationMs',
] as const;

/** What can be bounded and told of a run. */
export type Amount = (typeof amounts)[number];

/** How much of it a part of a run takes; `undefined` where that is not known. */
export function amountOf(load: Load, { rollout, reflection }: CallSizes, amount: Amount): number | undefined {
  switch (amount) {
    case 'metricCalls':
    case 'iterations':
    case 'reflections':
      return load[amount];
    case 'tokens':
    case 'costUsd':
      return added(known(load.metricCalls, rollout[amount]), known(load.reflections, reflection[amount]));
    case 'durationMs':
      return added(
        known(load.rolloutRounds, rollout.durationMs),
        known(load.reflectionRounds, reflection.durationMs),
      );
  }
}

function known(count: number, size: number | undefined): number | undefined {
  if (count === 0) return 0;
  return size === undefined ? undefined : product(count, size);
}

const added = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;
