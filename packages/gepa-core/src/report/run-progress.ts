import { type GepaEvent, isDecision } from '../events.ts';
import type { TestScores } from '../result.ts';
import type { ScoredCandidate } from '../search/state/search-view.ts';
import { SearchState } from '../search/state/state.ts';
import { countOf, formatCount, formatDuration, formatGain, formatScore, formatUsd } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import {
  describeLastRejected,
  describeProposals,
  isLastRejectedTelling,
  rejectionReasons,
} from './proposals.ts';
import { scoresOf } from './result-of.ts';
import { describeLimits, Spending } from './spending.ts';
import { describeStopReason } from './stop-reason.ts';

type EventOf<Type extends GepaEvent['type']> = Extract<GepaEvent, { type: Type }>;

/** A line of output about an event. */
export interface Announcement {
  readonly kind: 'plain' | 'gain' | 'warning';
  readonly text: string;
}

/** Retries and failures are announced once per message, up to this number of messages. */
const MAX_FAILURE_MESSAGES = 5;
/** Smaller gains are shown as 0.000. */
const MIN_GAIN = 0.0005;
/** A warning appears after this many rejected proposals in a row, and again whenever their number has doubled. */
const MANY_REJECTED = 10;

/** The state of a run for progress displays, built from its events. */
export class RunProgress {
  readonly spending: Spending;
  retries = 0;
  candidates = 0;
  seedScore: number | undefined;
  bestScore: number | undefined;
  hasStarted = false;
  isFinished = false;
  readonly #search = new SearchState();
  readonly #warnings = new Set<string>();
  readonly #failures = new Set<string>();
  /** The current part of the run, apart from reflections. */
  #stage = 'scoring the seed';
  /** Reflections that have not ended: their components, and when they began. */
  readonly #reflections = new Map<
    string,
    { readonly components: readonly string[]; readonly since: number }
  >();
  #rejectedInRow = 0;
  /** The last rejection that was announced, by its proposal. */
  #announcedRejection: number | undefined;

  constructor(startedAt: number) {
    this.spending = new Spending(startedAt);
  }

  /** The current part of the run, with a clock where it may take long. */
  stage(now: number): string {
    const [first, ...others] = this.#reflections.values();
    if (first === undefined) return this.#stage;
    const what =
      others.length > 0
        ? `${others.length + 1} reflections`
        : first.components.length === 1
          ? `reflecting on ${visible(first.components[0]!)}`
          : `reflecting on ${countOf(first.components.length, 'text')}`;
    return `${what}, ${formatDuration(Math.max(0, now - first.since))}`;
  }

  /** Applies an event and returns the lines to show about it. */
  apply(event: GepaEvent, now = 0): readonly Announcement[] {
    this.spending.apply(event);
    const partBefore = this.#search.pool.part;
    if (isDecision(event)) this.#search.apply(event);
    switch (event.type) {
      case 'run_started':
        this.hasStarted = true;
        return [plain(startLine(event))];
      case 'iteration_started':
        this.#reflections.clear();
        this.#stage = `iteration ${formatCount(event.iteration)}`;
        return [];
      case 'reflection_started':
        this.#reflections.set(keyOf(event), { components: event.components, since: now });
        return [];
      case 'reflection_finished':
        this.#reflections.delete(keyOf(event));
        return [];
      case 'call_settled':
        if (event.phase === 'testset') this.#stage = 'held-out test';
        return [];
      case 'retried':
        this.retries++;
        return this.#failure(event.message, `Retrying a ${event.what}`);
      case 'warning':
        return this.#warn([event.message]);
      case 'notice':
        return [plain(visible(event.message))];
      case 'proposal_rejected':
        return [
          ...(event.reason === 'unavailable' || event.reason === 'proposer_failed'
            ? this.#failure(event.message, `Proposal ${formatCount(event.proposal)} failed`)
            : []),
          ...this.#rejected(),
        ];
      case 'proposal_evaluated':
      case 'merge_evaluated':
        if (!event.accepted) return this.#rejected();
        this.#rejectedInRow = 0;
        return [];
      case 'candidate_added':
        return this.#addCandidate(event);
      case 'pool_changed':
        return this.#changePool(event, partBefore);
      case 'candidate_scored':
        if (event.purpose === 'finals') this.#stage = 'final comparison';
        return [];
      case 'run_finished':
        this.isFinished = true;
        this.#reflections.clear();
        return [...this.#warn(event.warnings), ...this.#endLines(event).map(plain)];
      default:
        return [];
    }
  }

  /** `3 of 12 proposals accepted` */
  get proposals(): string | undefined {
    const { made, accepted } = this.#search.tally.counts;
    return made === 0 ? undefined : `${formatCount(accepted)} of ${countOf(made, 'proposal')} accepted`;
  }

  #warn(messages: readonly string[]): Announcement[] {
    return messages
      .filter((message) => !this.#warnings.has(message))
      .map((message) => {
        this.#warnings.add(message);
        return { kind: 'warning', text: `Warning: ${visible(message).replaceAll('\n', '\n  ')}` };
      });
  }

  #failure(message: string, what: string): Announcement[] {
    if (this.#failures.has(message) || this.#failures.size >= MAX_FAILURE_MESSAGES) return [];
    this.#failures.add(message);
    return [{ kind: 'warning', text: `${what}: ${visible(message)}` }];
  }

  #rejected(): Announcement[] {
    this.#rejectedInRow++;
    const doublings = Math.log2(this.#rejectedInRow / MANY_REJECTED);
    if (doublings < 0 || !Number.isInteger(doublings)) return [];
    const { counts } = this.#search.tally;
    this.#announcedRejection = counts.lastRejected!.proposal;
    const text = `${formatCount(this.#rejectedInRow)} proposals in a row were not accepted (in all ${rejectionReasons(counts)}). ${describeLastRejected(counts.lastRejected!)}`;
    return [plain(text)];
  }

  #addCandidate(event: EventOf<'candidate_added'>): Announcement[] {
    const { index, bestIndex } = event;
    const previousBest = this.bestScore;
    const candidate = this.#search.candidates[index]!;
    this.candidates = index + 1;
    this.#updateScores();
    if (index === 0) {
      if (candidate.coverage === 0) return [];
      return [
        {
          kind: candidate.failed === undefined ? 'plain' : 'warning',
          text: `Seed: ${formatScore(candidate.mean)} on ${validationExamples(candidate)}${failuresOf(candidate)}`,
        },
      ];
    }
    const gain = this.bestScore! - (previousBest ?? 0);
    // A tie is not announced.
    if (bestIndex !== index || gain < MIN_GAIN) return [];
    return [{ kind: 'gain', text: newBestLine(candidate, this.bestScore!, gain) }];
  }

  #changePool(
    { part, reason, iteration }: EventOf<'pool_changed'>,
    before: readonly number[],
  ): Announcement[] {
    this.#updateScores();
    if (iteration === 0 || part.length <= before.length) return [];
    const { valsetSize } = this.#search;
    const [size, sizeBefore] = [new Set(part).size, new Set(before).size];
    const now = `best ${formatScore(this.bestScore ?? 0)}, seed ${formatScore(this.seedScore ?? 0)} there`;
    if (size === sizeBefore) {
      const repeats = formatCount(part.length - size);
      return [plain(`Candidates run a second time on ${repeats} of these examples, since ${reason}: ${now}`)];
    }
    const on = `${formatCount(size)} instead of ${formatCount(sizeBefore)} of ${countOf(valsetSize, 'validation example')}`;
    return [plain(`Candidates are now compared on ${on}, since ${reason}: ${now}`)];
  }

  /** On the part of the valset on which the search compares candidates now. */
  #updateScores(): void {
    const { candidates, bestIndex } = this.#search;
    if (candidates[0] === undefined || candidates[0].coverage === 0) return;
    this.seedScore = this.#search.partMean(0);
    this.bestScore = this.#search.partMean(bestIndex);
  }

  #endLines(event: EventOf<'run_finished'>): string[] {
    const { stopReason, budgetHeld, durationMs, metricCalls, usage, test } = event;
    const { candidates, bestIndex, chosen, tally } = this.#search;
    if (chosen !== undefined && this.seedScore !== undefined) {
      const { bestScore, seedScore } = scoresOf(this.#search, candidates[bestIndex]!, candidates[0]!);
      this.bestScore = bestScore;
      this.seedScore = seedScore;
    }
    const found =
      this.seedScore === undefined || this.bestScore === undefined
        ? 'no candidate was scored'
        : test !== undefined && test.candidate !== bestIndex
          ? `the seed ${formatScore(this.seedScore)}; it is kept, as candidate ${test.candidate} scores lower on the held-out test`
          : bestIndex === 0
            ? `the seed is still the best at ${formatScore(this.seedScore)}${candidates.length > 1 ? ', as no candidate is clearly better' : ''}`
            : `candidate ${bestIndex} ${formatScore(this.bestScore)}, seed ${formatScore(this.seedScore)}`;
    const cost = usage.costUsd === undefined ? '' : `, ${formatUsd(usage.costUsd)}`;
    const { counts } = tally;
    return [
      `Ended after ${formatDuration(durationMs)}: ${describeStopReason(stopReason, budgetHeld)}`,
      ...(test === undefined ? [] : [testLine(test)]),
      `Validation: ${found}; ${countOf(metricCalls, 'metric call')}${cost}`,
      ...(counts.made === 0 ? [] : [`Search: ${describeProposals(counts)}`]),
      ...(counts.lastRejected === undefined ||
      !isLastRejectedTelling(counts, stopReason) ||
      counts.lastRejected.proposal === this.#announcedRejection
        ? []
        : [describeLastRejected(counts.lastRejected)]),
    ];
  }
}

const plain = (text: string): Announcement => ({ kind: 'plain', text });

const keyOf = ({ iteration, task, components }: EventOf<'reflection_started' | 'reflection_finished'>) =>
  JSON.stringify([iteration, task, components]);

function startLine(event: EventOf<'run_started'>): string {
  const { components, trainsetSize, valsetSize, earlierMs } = event;
  const start =
    earlierMs === undefined ? 'Optimizing' : `Resumed after ${formatDuration(earlierMs)}: optimizing`;
  const limits = describeLimits(event);
  const atMost = limits === '' ? '' : `, at most ${limits}`;
  return `${start} ${countOf(components.length, 'component')} with ${formatCount(trainsetSize)} training and ${formatCount(valsetSize)} validation example${valsetSize === 1 ? '' : 's'}${atMost}`;
}

function newBestLine({ index, source, iteration }: ScoredCandidate, score: number, gain: number): string {
  return `New best: ${formatScore(score)} (${formatGain(gain)}), candidate ${index} ${source === 'given' ? 'from `seedCandidates` or `continueFrom`' : `by ${source} in iteration ${formatCount(iteration)}`}`;
}

function validationExamples({ coverage, scores }: ScoredCandidate): string {
  const all = countOf(scores.length, 'validation example');
  return coverage === scores.length ? all : `${formatCount(coverage)} of ${all}`;
}

/** ` (3 failed: Unexpected token …)` */
export function failuresOf({ failed, error }: Pick<ScoredCandidate, 'failed' | 'error'>): string {
  if (failed === undefined) return '';
  const [line = ''] = visible(error ?? '').split('\n');
  const short = line.length > MAX_ERROR_CHARACTERS ? `${line.slice(0, MAX_ERROR_CHARACTERS)}…` : line;
  return ` (${formatCount(failed)} failed${short === '' ? '' : `, first: ${short}`})`;
}

const MAX_ERROR_CHARACTERS = 120;

function testLine({ seedScore, bestScore, gain, interval, size }: TestScores): string {
  const [low, high] = interval.map(formatGain);
  return `Held-out test: ${formatScore(seedScore)} → ${formatScore(bestScore)} (${formatGain(gain)}, 95% interval ${low} to ${high}, ${countOf(size, 'example')})`;
}
