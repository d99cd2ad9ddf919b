import type { ComponentProposals, OptimizationResult, ScoreBasis, TestScores } from '../result.ts';
import type { ScoredCandidate } from '../search/state/search-view.ts';
import { MIN_DIFFERING } from '../statistics/compare.ts';
import { countOf, formatCount, formatDuration, formatGain, formatScore } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { type Colors, colorsOf } from './colors.ts';
import { diffCandidates } from './diff.ts';
import {
  describeLastRejected,
  describeProposals,
  isLastRejectedTelling,
  minibatchesWithoutLesson,
  rejectionReasons,
} from './proposals.ts';
import { spendLines } from './spend-table.ts';
import { describeStopReason } from './stop-reason.ts';
import { displayWidth, listItem, reportWidth, wrapText } from './wrap.ts';

export interface SummaryOptions {
  /** Default: `false`. For the console: `supportsColor(process.stdout)`. */
  readonly color?: boolean;
  /** The width in columns at which lines are wrapped. Default: that of the terminal, at most 100. */
  readonly width?: number;
  /** Whether the progress was shown: what it has shown, such as scores, is then left out. Default: `false`. */
  readonly afterProgress?: boolean;
}

/** Describes the result of a run: scores and their confidence, spend, warnings, and a diff of the texts. */
export function summarize<Name extends string>(
  result: OptimizationResult<Name>,
  options: SummaryOptions = {},
): string {
  const { color = false, width = reportWidth(), afterProgress = false } = options;
  const colors = colorsOf(color);
  const blocks = [
    afterProgress ? [] : wrapText(endLine(result), width).map(colors.bold),
    table(
      [
        ['Held-out test', testLines(result, colors, afterProgress)],
        ['Validation', validationLines(result, colors, afterProgress)],
        ['Failures', failureLines(result)],
        ['Objectives', objectiveLines(result)],
        ['Length', lengthLines(result)],
      ],
      width,
      colors,
    ),
    table(
      [
        ['Search', [searchLine(result, afterProgress)]],
        ['Proposals', proposalLines(result, afterProgress)],
        ['Minibatches', minibatchLines(result)],
        ['Saved', savedLines(result)],
        ['Retries', retryLines(result)],
      ],
      width,
      colors,
    ),
    spendLines(result, colors, width),
    afterProgress ? [] : warningLines(result.warnings, width, colors),
    changeLines(result, { color, width }, colors),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

const LABEL_WIDTH = 15;

/** Lines with a label before the first line. Labels without lines are left out. */
function table(
  rows: readonly (readonly [label: string, lines: readonly string[]])[],
  width: number,
  { dim }: Colors,
): string[] {
  return rows.flatMap(([label, lines]) =>
    lines
      .flatMap((line) => wrapped(line, Math.max(20, width - LABEL_WIDTH)))
      .map((line, i) => `${dim((i === 0 ? label : '').padEnd(LABEL_WIDTH))}${line}`),
  );
}

/** Wraps a line. Codes of colors do not count as width. */
function wrapped(line: string, width: number): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches the codes of colors
  const plain = line.replaceAll(/\u001b\[\d+m/g, '');
  return displayWidth(plain) <= width ? [line] : wrapText(plain, width);
}

const endLine = ({ durationMs, stopReason, budgetHeld }: OptimizationResult): string =>
  `Ended after ${formatDuration(durationMs)}: ${describeStopReason(stopReason, budgetHeld)}`;

function validationLines(result: OptimizationResult, { green }: Colors, afterProgress: boolean): string[] {
  const { candidates, bestIndex, bestScore, seedScore, scoredOn, seedScoredOn } = result;
  const size = candidateOf(result, 0)?.scores.length ?? 0;
  if (seedScoredOn.examples === 0 && bestIndex === 0) return ['no candidate was scored'];
  const tested = testedOf(result);
  if (tested !== undefined && bestIndex === 0) {
    const { mean, coverage, index } = tested;
    return [
      `${afterProgress ? '' : `${formatScore(seedScore)} on ${basisOf(seedScoredOn, size)}; `}candidate ${index} ${formatScore(mean)} on ${formatCount(coverage)}, the highest of ${formatCount(candidates.length)} candidates, in part by chance`,
    ];
  }
  if (bestIndex === 0) {
    if (afterProgress) return [];
    const others =
      candidates.length > 1 ? 'no other candidate is clearly better' : 'no other candidate was found';
    return [
      `${formatScore(seedScore)} on ${basisOf(seedScoredOn, size)}: the seed is still the best, ${others}`,
    ];
  }
  const gain = bestScore - seedScore;
  const paint = gain > 0 ? green : String;
  const scores = `${formatScore(seedScore)} → ${formatScore(bestScore)} (${paint(formatGain(gain))})`;
  const isSame = seedScoredOn.examples === scoredOn.examples && seedScoredOn.fresh === scoredOn.fresh;
  const remark = scoredOn.optimistic
    ? [`Optimistic: the highest of ${formatCount(candidates.length)} candidates, in part by chance`]
    : [];
  if (afterProgress && isSame) return remark;
  if (isSame) return [`${scores} on ${basisOf(scoredOn, size)}`, ...remark];
  return [
    ...(afterProgress
      ? []
      : [`${formatScore(seedScore)} → ${formatScore(bestScore)}, on different examples`]),
    `The seed was scored on ${basisOf(seedScoredOn, size)}, the best candidate on ${basisOf(scoredOn, size)}`,
    ...remark,
  ];
}

/** The candidate that the testset compares with the seed. */
const testedOf = (result: OptimizationResult): ScoredCandidate | undefined =>
  result.test === undefined || result.test.candidate === 0
    ? undefined
    : candidateOf(result, result.test.candidate);

const candidateOf = (result: OptimizationResult, index: number): ScoredCandidate | undefined =>
  result.candidates.find((candidate) => candidate.index === index);

function basisOf({ examples, fresh }: ScoreBasis, size: number): string {
  if (examples === size) return countOf(size, 'example');
  return `${formatCount(examples)} of ${countOf(size, 'example')}${fresh ? ' that the search did not use' : ''}`;
}

function testLines(result: OptimizationResult, colors: Colors, afterProgress: boolean): string[] {
  const { test, bestIndex } = result;
  if (test === undefined) {
    return bestIndex === 0
      ? ['not scored']
      : ['not scored: whether the gain holds on new examples is unknown'];
  }
  const size = `on ${countOf(test.size, 'example')}`;
  if (test.candidate === 0 && afterProgress) return [];
  if (test.candidate === 0) return [`${formatScore(test.seedScore)} ${size}: the seed is still the best`];
  const [low, high] = test.interval;
  const paint = low > 0 ? colors.green : colors.yellow;
  return [
    ...(afterProgress
      ? []
      : [
          `${formatScore(test.seedScore)} → ${formatScore(test.bestScore)} (${paint(formatGain(test.gain))}) ${size}`,
          `95% interval of the gain: ${formatGain(low)} to ${formatGain(high)}`,
        ]),
    paint(interpretationOf(test)),
    ...(afterProgress || bestIndex === test.candidate
      ? []
      : [`The seed is kept, because candidate ${test.candidate} scores lower`]),
    ...(test.size < MIN_TEST_SIZE ? ['With so few examples the interval itself is inaccurate'] : []),
  ];
}

/** With fewer examples the percentile bootstrap gives intervals that are clearly too narrow. */
const MIN_TEST_SIZE = 30;

function interpretationOf(test: TestScores): string {
  const {
    gain,
    interval: [low, high],
  } = test;
  if (low > 0 || high < 0) {
    const differing = differingExamples(test);
    if (differing < MIN_DIFFERING) {
      return `The two differ on ${countOf(differing, 'example')} only, which may be chance`;
    }
  }
  if (low > 0) return 'The interval is all above 0: the gain is unlikely to be chance';
  if (high < 0) return 'The interval is all below 0: the best candidate is worse on new examples';
  if (gain > 0) return 'The interval includes 0: the gain may be chance';
  if (gain < 0) return 'The interval includes 0: the loss may be chance';
  return 'The interval includes 0: no difference was found';
}

function differingExamples({ seedScores, bestScores }: TestScores): number {
  const differs = (seed: number | null, best: number | null | undefined) =>
    seed !== null && best !== null && best !== undefined && seed !== best;
  return seedScores.filter((seed, position) => differs(seed, bestScores[position])).length;
}

function failureLines(result: OptimizationResult): string[] {
  const { bestIndex } = result;
  return [...new Set([0, bestIndex])].flatMap((index) => {
    const candidate = candidateOf(result, index);
    if (candidate?.failed === undefined) return [];
    const name = index === 0 ? 'The seed' : 'The best candidate';
    return [
      `${name} failed on ${formatCount(candidate.failed)} of ${countOf(candidate.coverage, 'example')}${firstFailure(candidate)}`,
    ];
  });
}

function firstFailure({ error }: ScoredCandidate): string {
  return error === undefined ? '' : `, first: ${visible(error).split('\n')[0]}`;
}

/** The numbers of accepted proposals by component. If there are none, why the last one was rejected. */
function proposalLines({ proposals, stopReason }: OptimizationResult, afterProgress: boolean): string[] {
  const { made, byComponent, lastRejected } = proposals;
  if (made === 0) return [];
  const components = Object.entries<ComponentProposals>(byComponent).filter(
    ([, counts]) => counts.accepted + counts.rejected > 0,
  );
  return [
    ...(afterProgress ? [] : [describeProposals(proposals)]),
    ...(components.length < 2
      ? []
      : components.map(([name, counts]) => {
          const reasons = rejectionReasons(counts);
          const tried = countOf(counts.accepted + counts.rejected, 'proposal');
          return `${visible(name)}: ${formatCount(counts.accepted)} of ${tried} accepted${reasons === '' ? '' : `; ${reasons}`}`;
        })),
    ...(afterProgress || lastRejected === undefined || !isLastRejectedTelling(proposals, stopReason)
      ? []
      : [describeLastRejected(lastRejected)]),
  ];
}

function minibatchLines({ proposals }: OptimizationResult): string[] {
  const counts = minibatchesWithoutLesson(proposals);
  return counts === undefined ? [] : [`${counts}: such minibatches teach little`];
}

function objectiveLines(result: OptimizationResult): string[] {
  const seed = candidateOf(result, 0);
  const best = Object.entries(result.objectives?.best ?? {});
  const nameWidth = Math.max(0, ...best.map(([name]) => visible(name).length));
  return best.map(([name, index]) => {
    const scoreOf = (candidate: ScoredCandidate | undefined) =>
      formatScore(candidate?.objectives?.[name] ?? 0);
    const label = visible(name).padEnd(nameWidth);
    return index === 0
      ? `${label}  ${scoreOf(seed)}, by the seed`
      : `${label}  ${scoreOf(seed)} → ${scoreOf(candidateOf(result, index))}, by candidate ${index}`;
  });
}

/** The components whose length changed. */
function lengthLines({ lengths }: OptimizationResult): string[] {
  const changed = Object.entries(lengths).filter(([, { seed, best }]) => seed !== best);
  const nameWidth = Math.max(0, ...changed.map(([name]) => visible(name).length));
  return changed.slice(0, MAX_LENGTH_LINES).map(([name, { seed, best }]) => {
    const growth =
      seed === 0 ? '' : `, ${best > seed ? '+' : '−'}${Math.round((100 * Math.abs(best - seed)) / seed)}%`;
    return `${visible(name).padEnd(nameWidth)}  ${formatCount(seed)} → ${countOf(best, 'character')}${growth}`;
  });
}

const MAX_LENGTH_LINES = 10;

function searchLine(
  { candidates, iterations, bestIndex, part, scoredOn }: OptimizationResult,
  afterProgress: boolean,
): string {
  if (scoredOn.examples === 0) return `ended in iteration ${formatCount(iterations)}, before its first score`;
  const best = bestIndex === 0 ? '; the seed is the best' : `; candidate ${bestIndex} is the best`;
  const size = candidates[0]?.scores.length ?? 0;
  const compared = new Set(part).size;
  const on = compared === size ? '' : `, compared on ${formatCount(compared)} of ${countOf(size, 'example')}`;
  return `${countOf(candidates.length, 'candidate')} in ${countOf(iterations, 'iteration')}${on}${afterProgress ? '' : best}`;
}

function savedLines({ cacheHits, metricCallsSaved }: OptimizationResult): string[] {
  return [
    ...(cacheHits === 0 ? [] : [`${countOf(cacheHits, 'metric call')} by the cache`]),
    ...(metricCallsSaved === 0
      ? []
      : [`${countOf(metricCallsSaved, 'metric call')} by partial evaluation of the valset`]),
  ];
}

const retryLines = ({ retries }: OptimizationResult): string[] =>
  retries === 0
    ? []
    : [`${countOf(retries, 'attempt')} failed with a transient error; not counted as metric calls`];

function warningLines(warnings: readonly string[], width: number, { bold, yellow }: Colors): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.flatMap((warning) => listItem(yellow('!'), warning, width));
  return [bold(countOf(warnings.length, 'warning')), ...lines];
}

function changeLines(
  result: OptimizationResult,
  options: { readonly color: boolean; readonly width: number },
  { bold }: Colors,
): string[] {
  const seed = candidateOf(result, 0);
  if (seed === undefined || result.bestIndex === 0) return [];
  return [
    bold(`Changes from the seed to candidate ${result.bestIndex}`),
    '',
    diffCandidates(seed.texts, result.bestCandidate, options),
  ];
}
