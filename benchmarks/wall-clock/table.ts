import { parseArgs } from 'node:util';
import { families } from '../search/families/index.ts';
import type { Search } from '../search/searches.ts';
import { meanOf } from '../search/summary.ts';
import { type Latency, type TimedRun, timedRun } from './timed-run.ts';

/**
 * The true score against time, for one to eight concurrent proposals. Time is simulated: a rollout takes 50 ms, a
 * reflection 500 ms, eight rollouts run concurrently, and the engine itself takes no time. The tasks are those of the
 * search benchmark, without a model. `valset` is the share of the time in which rollouts on the valset run: overlapping
 * validation with the reflections of the next round could not save more.
 */
const { values } = parseArgs({
  options: {
    families: { type: 'string', default: 'base,rugged-60' },
    latencies: { type: 'string', default: 'constant,lognormal' },
    proposals: { type: 'string', default: '1,2,4,8,auto' },
    seeds: { type: 'string', default: '10' },
    budget: { type: 'string' },
  },
});

/** The searches with k proposals at once. */
const searches: Readonly<Record<string, (k: number | 'auto') => Search>> = {
  reference: (k) => ({ search: 'reference', parallelProposals: k }),
  adaptive: (k) => ({ search: 'adaptive', parallelProposals: k }),
};
const times = [2, 5, 10, 20, 40];
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const cells = (row: readonly string[]) =>
  row.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(9))).join('');
const score = (value: number) => value.toFixed(2).replace(/^0/, '');

for (const name of values.families.split(',')) {
  const family = families.find((candidate) => candidate.name === name);
  if (family === undefined) throw new Error(`There is no family "${name}".`);
  const budget = Number(values.budget ?? family.budget);
  for (const latency of values.latencies.split(',') as Latency[]) {
    console.log(`\n${name}, ${budget} calls, ${latency} latencies, simulated; mean of ${seeds.length} seeds`);
    const header = [
      'search',
      'k',
      ...times.map((time) => `${time} s`),
      'end',
      '±',
      'seconds',
      'calls',
      'reflect',
      'valset',
    ];
    console.log(cells(header));
    for (const [search, options] of Object.entries(searches)) {
      for (const k of values.proposals.split(',').map((k) => (k === 'auto' ? k : Number(k)))) {
        const runs: TimedRun[] = [];
        for (const seed of seeds)
          runs.push(await timedRun({ ...family, budget }, options(k), seed, latency, times));
        const end = meanOf(runs.map((run) => run.score));
        const row = [
          search,
          String(k),
          ...times.map((_, i) => score(meanOf(runs.map(({ scoreAt }) => scoreAt[i]!)).mean)),
          score(end.mean),
          end.standardError.toFixed(3).replace(/^0/, ''),
          meanOf(runs.map(({ seconds }) => seconds)).mean.toFixed(1),
          meanOf(runs.map(({ calls }) => calls)).mean.toFixed(0),
          meanOf(runs.map(({ reflections }) => reflections)).mean.toFixed(1),
          score(meanOf(runs.map(({ valsetShare }) => valsetShare)).mean),
        ];
        console.log(cells(row));
      }
    }
  }
}
