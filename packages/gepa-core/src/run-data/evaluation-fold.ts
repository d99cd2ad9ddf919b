import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { type Candidate, candidateKey } from '../component.ts';
import type { EvaluationDescription } from '../journal/describe-run.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { mean } from '../statistics/mean.ts';
import type { CandidateData, RolloutData } from './run-data.ts';

/** A rollout of some texts. `place`: its repeat and position; absent when equal examples share it. */
interface EvaluatedRollout {
  readonly rollout: RolloutData;
  readonly place: { readonly repeat: number; readonly position: number } | undefined;
  readonly usage: Usage;
}

/** The name in the journal of an evaluation's rollouts. Rollouts that check the provider have other names. */
const REPEATED = /^repeat (\d+)\.testset\.(\d+)$/;

/** Collects the rollouts of an evaluation, by the number of their texts. */
export class EvaluationFold {
  /** The description in the last session; undefined for a search. */
  about: EvaluationDescription | undefined;
  readonly #rollouts = new Map<number, EvaluatedRollout[]>();
  readonly #intervals = new Map<string, { readonly scored: number; readonly interval: [number, number] }>();

  add(textsId: number, rollout: RolloutData, occurrence: string | undefined, usage: Usage): void {
    const [, repeat, position] = REPEATED.exec(occurrence ?? '') ?? [];
    if (occurrence !== undefined && repeat === undefined) return;
    const place = repeat === undefined ? undefined : { repeat: Number(repeat), position: Number(position) };
    const known = this.#rollouts.get(textsId) ?? [];
    this.#rollouts.set(textsId, known);
    known.push({ rollout, place, usage });
  }

  /** The candidates of the last session, and their rollouts. Candidates with the same texts share rollouts. */
  read(
    examples: readonly number[],
    texts: ReadonlyMap<number, Candidate>,
  ): { readonly candidates: CandidateData[]; readonly rollouts: RolloutData[] } {
    const { candidates = [], repeats = 1 } = this.about ?? {};
    const names = Object.keys(candidates[0]?.texts ?? {});
    const textsIds = new Map([...texts].map(([textsId, of]) => [candidateKey(names, of), textsId]));
    const rollouts: RolloutData[] = [];
    return {
      candidates: candidates.map(({ name, texts }, index) => {
        const textsId = textsIds.get(candidateKey(names, texts)) ?? -1;
        const own = (this.#rollouts.get(textsId) ?? []).filter(
          ({ place }) => place === undefined || place.repeat <= repeats,
        );
        for (const { rollout } of own) rollouts.push({ ...rollout, candidate: index });
        return this.#candidate({ name, texts, index }, own, examples);
      }),
      rollouts,
    };
  }

  #candidate(
    { name, texts, index }: { readonly name: string; readonly texts: Candidate; readonly index: number },
    rollouts: readonly EvaluatedRollout[],
    examples: readonly number[],
  ): CandidateData {
    const scores = scoresOf(rollouts, examples);
    const known = scores.filter((score) => score !== null);
    const errors = rollouts.flatMap(({ rollout: { error } }) => error ?? []);
    const score = known.length === 0 ? 0 : mean(known);
    return {
      index,
      texts,
      parents: [],
      source: 'given',
      iteration: 0,
      at: rollouts[0]?.rollout.at ?? 0,
      metricCalls: 0,
      scores,
      failed: errors.length || undefined,
      error: errors[0],
      mean: score,
      coverage: known.length,
      partMean: score,
      evaluated: {
        name,
        interval: this.#intervalOf(`${index} ${name}`, known, rollouts.length),
        usage: rollouts.reduce((sum: Usage, { usage }) => addUsage(sum, usage), noUsage),
        meanDurationMs:
          rollouts.length === 0 ? 0 : mean(rollouts.map(({ rollout: { durationMs } }) => durationMs)),
      },
    };
  }

  /** Caches intervals, since a run that is watched is read often. */
  #intervalOf(key: string, scores: readonly number[], scored: number): [number, number] {
    const known = this.#intervals.get(key);
    if (known?.scored === scored) return known.interval;
    const [low, high] = bootstrapInterval(scores);
    this.#intervals.set(key, { scored, interval: [low, high] });
    return [low, high];
  }
}

/** The mean over the repeats, by position in the examples. */
function scoresOf(rollouts: readonly EvaluatedRollout[], examples: readonly number[]): (number | null)[] {
  const shared = new Map<number, number>();
  const repeated: number[][] = examples.map(() => []);
  for (const { rollout, place } of rollouts) {
    if (place === undefined) shared.set(rollout.example, rollout.score);
    else repeated[place.position]?.push(rollout.score);
  }
  return examples.map((example, position) => {
    const first = shared.get(example);
    const scores = [...(first === undefined ? [] : [first]), ...repeated[position]!];
    return scores.length === 0 ? null : mean(scores);
  });
}
