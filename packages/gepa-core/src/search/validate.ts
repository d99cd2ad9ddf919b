import type { Rollout } from '../adapter/adapter.ts';
import { sentence } from '../calls/classify-error.ts';
import type { Interruption } from '../calls/interruption.ts';
import type { Candidate } from '../component.ts';
import { SeedError } from '../errors.ts';
import type { SearchSetup } from './search-setup.ts';
import type { CandidateSource, ScoredCandidate } from './search-view.ts';
import { scoredCandidate } from './state.ts';
import type { StopReason } from './strategies/stop-conditions.ts';

/** Scores the seed on the whole valset; it becomes candidate 0. */
export async function scoreSeed<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
): Promise<StopReason | undefined> {
  const { interruption, rollouts } = await addCandidate(setup, {
    texts: setup.seedTexts,
    parents: [],
    source: 'seed',
  });
  const measured = rollouts.filter((rollout) => rollout !== undefined);
  const isGone = interruption?.reason === 'providerUnavailable' && measured.length === 0;
  if (interruption?.reason === 'unavailable' || isGone) {
    throw new SeedError(
      `The seed candidate could not be scored on the valset: ${sentence(interruption.error)} This says nothing about its texts: see to the model's key, name, limits and availability, and run again.`,
      { cause: interruption.error },
    );
  }
  if (interruption !== undefined) return interruption.reason;
  if (measured.every(({ failedIn }) => failedIn === 'metric')) {
    throw new SeedError(
      `The metric threw on every example of the valset, first on ${measured[0]!.exampleId}: ${measured[0]!.error}`,
    );
  }
  if (measured.every(({ error }) => error !== undefined)) {
    setup.warn(
      `The program failed on every example of the valset, first on ${measured[0]!.exampleId}: ${measured[0]!.error}. Unless better texts can heal that, stop the run and see to the program.`,
    );
  }
  return undefined;
}

/** What a pass over the valset came to. Where it was interrupted, what was measured has joined the pool all the same. */
export interface ValsetPass<Example, Output, Trace> {
  readonly rollouts: readonly (Rollout<Example, Output, Trace> | undefined)[];
  readonly interruption: Interruption | undefined;
}

/** Scores a candidate on the valset, as much of it as the evaluation policy wants, and adds it to the pool. */
export async function addCandidate<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
  origin: { texts: Candidate<Name>; parents: readonly number[]; source: CandidateSource },
): Promise<ValsetPass<Example, Output, Trace>> {
  const { state, strategies, ledger, decide } = setup;
  const index = state.candidates.length;
  const metricCalls = ledger.metricCalls;
  const pass = await passOverValset(setup, origin.texts, index);
  const { rollouts } = pass;
  const measured = rollouts.some((rollout) => rollout !== undefined);
  if (!measured && index > 0) return pass;
  const objectiveScores = objectivesOf(rollouts, setup);
  const added = {
    index,
    ...origin,
    iteration: state.iteration,
    scores: rollouts.map((rollout) => rollout?.score ?? null),
    ...(objectiveScores === undefined ? {} : { objectiveScores }),
    metricCalls,
  };
  decide({
    type: 'candidate_added',
    ...added,
    bestIndex: strategies.evaluationPolicy.best([...state.candidates, scoredCandidate(added)]),
  });
  if (index > 0) strategies.candidateAdded(index, origin.parents);
  return pass;
}

async function passOverValset<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
  texts: Candidate<Name>,
  candidateIndex: number,
): Promise<ValsetPass<Example, Output, Trace>> {
  const { valset, state, strategies, evaluator, ledger } = setup;
  const rollouts: (Rollout<Example, Output, Trace> | undefined)[] = valset.map(() => undefined);
  const isSeed = candidateIndex === 0;
  const context = { iteration: state.iteration, phase: isSeed ? 'seed' : 'valset', candidateIndex } as const;

  const missing = () => rollouts.reduce((count, rollout) => (rollout === undefined ? count + 1 : count), 0);
  const nextPart = (): readonly number[] => {
    if (missing() === 0) return [];
    const scores = rollouts.map((rollout) => rollout?.score ?? null);
    const wanted = strategies.evaluationPolicy.next({ scores, search: state });
    return [...new Set(wanted)].filter((position) => rollouts[position] === undefined);
  };

  for (let part = isSeed ? [...valset.keys()] : nextPart(); part.length > 0; part = nextPart()) {
    const { rollouts: measured, interruption } = await evaluator.evaluate(
      texts,
      part.map((position) => valset[position]!),
      context,
    );
    part.forEach((position, i) => {
      rollouts[position] = measured[i];
    });
    if (interruption !== undefined) return { rollouts, interruption };
  }
  const left = valset.filter((_, position) => rollouts[position] === undefined);
  ledger.metricCallsSaved += evaluator.cost(texts, left);
  return { rollouts, interruption: undefined };
}

/** By objective and valset position. A failed rollout scores `failureScore` on every objective. */
function objectivesOf<Example, Output, Trace, Name extends string>(
  rollouts: ValsetPass<Example, Output, Trace>['rollouts'],
  { state, failureScore }: SearchSetup<Example, Output, Trace, Name>,
): ScoredCandidate['objectiveScores'] {
  const names = Object.keys(
    state.candidates[0]?.objectiveScores ?? rollouts.find((rollout) => rollout?.objectives)?.objectives ?? {},
  );
  if (names.length === 0) return undefined;
  const scoresOf = (name: string) =>
    rollouts.map((rollout) => (rollout === undefined ? null : (rollout.objectives?.[name] ?? failureScore)));
  return Object.fromEntries(names.map((name) => [name, scoresOf(name)]));
}
