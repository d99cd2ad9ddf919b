import { verdictLine } from '../evaluate/describe.ts';
import type { TestScores } from '../result.ts';
import type { RunData } from '../run-data/run-data.ts';
import { type Comparison, MIN_DIFFERING } from '../statistics/compare.ts';
import { countOf, formatCount, formatGain, formatScore } from '../text/format.ts';

/** The outcome of a run in one sentence, with notes. */
export interface RunVerdict {
  /** `gain` and `loss` are unlikely to be chance. */
  readonly kind: 'gain' | 'loss' | 'unsure' | 'none';
  readonly sentence: string;
  /** Further sentences. */
  readonly notes: readonly string[];
}

type VerdictData = Pick<RunData, 'state' | 'bestIndex' | 'score' | 'test' | 'proposals' | 'valset'>;

export function verdictOf(run: VerdictData): RunVerdict {
  const { score, bestIndex, state, test } = run;
  if (score === undefined) {
    const sentence =
      state === 'running' ? 'The seed is being scored.' : 'The run ended before the seed was scored.';
    return { kind: 'none', sentence, notes: [] };
  }
  if (test !== undefined && test.candidate !== 0) {
    const kept = bestIndex === 0 ? ['The seed is kept.'] : [];
    return { ...testVerdict(test), notes: [...kept, validationNote(run)] };
  }
  if (bestIndex === 0) return { kind: 'none', sentence: seedSentence(run, score.seed), notes: [] };
  const [seed, best] = [formatScore(score.seed), formatScore(score.best)];
  const name = `Candidate ${bestIndex}`;
  const leads = state === 'running' ? 'leads with' : 'scores';
  return {
    kind: 'unsure',
    sentence: `${name} ${leads} ${best} on the validation examples; the seed scores ${seed}.`,
    notes: [
      ...(isComparable(score) ? [] : [validationNote(run)]),
      state === 'running'
        ? 'The run goes on.'
        : 'There are no held-out scores. This score tends to be too high, because it selected the candidate.',
    ],
  };
}

/** The outcome of a comparison of two evaluated candidates. */
export function verdictOfComparison(comparison: Comparison): RunVerdict {
  const kinds = { better: 'gain', worse: 'loss', 'not proven': 'unsure' } as const;
  return { kind: kinds[comparison.verdict], sentence: verdictLine(comparison), notes: [] };
}

function seedSentence({ state, proposals }: VerdictData, seed: number): string {
  const tested = proposals.filter(({ status }) => status === 'accepted' || status === 'rejected').length;
  const accepted = proposals.filter(({ status }) => status === 'accepted').length;
  const start = `The seed, with ${formatScore(seed)}, is ${state === 'running' ? 'the best so far' : 'still the best'}`;
  if (tested === 0) return `${start}: no proposal was tested${state === 'running' ? ' yet' : ''}.`;
  if (accepted === 0) return `${start}: ${countOf(tested, 'proposal')} tested, none accepted.`;
  return `${start}: of ${countOf(tested, 'tested proposal')}, ${formatCount(accepted)} passed ${accepted === 1 ? 'its' : 'their'} minibatch, and none is clearly better on the validation examples.`;
}

function testVerdict(test: TestScores): Pick<RunVerdict, 'kind' | 'sentence'> {
  const { gain, interval, seedScore, bestScore } = test;
  const [low, high] = interval;
  const differing = test.seedScores.filter((seed, i) => {
    const best = test.bestScores[i];
    return seed !== null && best !== null && best !== undefined && seed !== best;
  }).length;
  const isClear = (low > 0 || high < 0) && differing >= MIN_DIFFERING;
  const kind = !isClear ? 'unsure' : low > 0 ? 'gain' : 'loss';
  const verb = gain < 0 ? 'loses' : 'gains';
  const meaning = {
    gain: 'unlikely to be chance',
    loss: 'worse than the seed, and unlikely to be chance',
    unsure: gain === 0 ? 'no difference was found' : 'which may be chance',
  }[kind];
  return {
    kind,
    sentence: `Candidate ${test.candidate} ${verb} ${formatGain(gain)} on ${countOf(test.size, 'held-out example')} (${formatScore(seedScore)} → ${formatScore(bestScore)}; 95% interval ${formatGain(low)} to ${formatGain(high)}), ${meaning}.`,
  };
}

/** Whether seed and best candidate were scored on as many examples, of the same kind. */
export const isComparable = ({ seedOn, bestOn }: NonNullable<RunData['score']>): boolean =>
  seedOn.examples === bestOn.examples && seedOn.fresh === bestOn.fresh;

function validationNote({ score, valset }: VerdictData): string {
  const { seed, best, seedOn, bestOn } = score!;
  const on = ({ examples, fresh }: typeof seedOn) =>
    `${examples === valset.length ? countOf(examples, 'example') : `${formatCount(examples)} of ${countOf(valset.length, 'example')}`}${fresh ? ' that the search did not use' : ''}`;
  return isComparable(score!)
    ? `Validation: ${formatScore(seed)} → ${formatScore(best)} on ${on(bestOn)}.`
    : `Validation: the seed has ${formatScore(seed)} on ${on(seedOn)}, the best candidate ${formatScore(best)} on ${on(bestOn)}.`;
}
