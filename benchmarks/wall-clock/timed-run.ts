import { optimize } from 'gepa-core';
import { hash, hashText, normalOf } from '../search/draws.ts';
import type { Search } from '../search/searches.ts';
import { createTask, type Family, type Outcome } from '../search/task.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How long calls take: always the same time, or lognormal with the same mean. */
export type Latency = 'constant' | 'lognormal';

const ROLLOUT_MS = 50;
const REFLECTION_MS = 500;
/** The deviation of the logarithm: one call in twenty takes 3.3 times the median. */
const SPREAD = 0.73;

export interface TimedRun {
  /** Simulated seconds of the whole run. */
  readonly seconds: number;
  readonly score: number;
  readonly calls: number;
  readonly reflections: number;
  /** The share of the time in which rollouts on the valset run. */
  readonly valsetShare: number;
  /** The true score of the best candidate so far at the given times. */
  readonly scoreAt: readonly number[];
}

/** One run in simulated time. `times` are in seconds. */
export async function timedRun(
  family: Family,
  search: Search,
  seed: number,
  latency: Latency,
  times: readonly number[],
): Promise<TimedRun> {
  const clock = new VirtualClock();
  const task = createTask(family, seed);
  const candidates: Readonly<Record<string, string>>[] = [];
  const history: { readonly at: number; readonly best: number }[] = [];
  let reflections = 0;
  const validating = { running: 0, since: 0, total: 0 };
  const valset = new Set(task.valset);
  /** A call takes the same time whenever it is made. */
  const duration = (mean: number, call: string) =>
    latency === 'constant'
      ? mean
      : mean * Math.exp(SPREAD * normalOf(hash(seed, hashText(call))) - SPREAD ** 2 / 2);

  const result = await clock.run(
    optimize<number, Outcome, undefined, string>({
      seedCandidate: task.seedCandidate,
      run: async (candidate, example) => {
        const validates = valset.has(example);
        if (validates && validating.running++ === 0) validating.since = clock.now;
        await clock.sleep(duration(ROLLOUT_MS, JSON.stringify([candidate, example])));
        if (validates && --validating.running === 0) validating.total += clock.now - validating.since;
        return { output: task.run(candidate, example) };
      },
      metric: ({ output: { score, feedback } }) => ({ score, componentFeedback: feedback }),
      propose: async (request) => {
        reflections++;
        const { candidate, components, records } = request;
        await clock.sleep(duration(REFLECTION_MS, JSON.stringify([candidate, components, records])));
        return task.propose(request);
      },
      trainset: task.trainset,
      valset: task.valset,
      maxMetricCalls: family.budget,
      seed,
      onEvent: (event) => {
        if (event.type !== 'candidate_added') return;
        candidates[event.index] = event.texts;
        history.push({ at: clock.now, best: event.bestIndex });
      },
      ...family.options,
      ...search,
    }),
  );
  const seedScore = task.trueScore(task.seedCandidate);
  const score = task.trueScore(result.bestCandidate);
  const scoreAt = times.map((time) => {
    if (time * 1_000 >= clock.now) return score;
    const last = history.findLast(({ at }) => at <= time * 1_000);
    return last === undefined ? seedScore : task.trueScore(candidates[last.best]!);
  });
  return {
    seconds: clock.now / 1_000,
    score,
    calls: result.totalMetricCalls,
    reflections,
    valsetShare: validating.total / clock.now,
    scoreAt,
  };
}
