import { type GepaEvent, isDecision } from '../events.ts';
import type { TestScores } from '../result.ts';
import { scoredCandidate } from '../search/scored-candidate.ts';
import type { ScoredCandidate } from '../search/search-view.ts';
import { SearchState, scoresOf } from '../search/state.ts';
import { countOf, formatCount, formatDuration, formatGain, formatScore, formatUsd } from './format.ts';
import { describeLimits, Spending } from './spending.ts';
import { describeStopReason } from './stop-reason.ts';
import { visible } from './visible.ts';

type EventOf<Type extends GepaEvent['type']> = Extract<GepaEvent, { type: Type }>;

/** A line of output about an event. */
export interface Announcement {
  readonly kind: 'plain' | 'gain' | 'warning';
  readonly text: string;
}

/** The state of a run for progress displays, built from its events. */
export class RunProgress {
  readonly spending: Spending;
  retries = 0;
  candidates = 0;
  seedScore: number | undefined;
  bestScore: number | undefined;
  /** The current part of the run. */
  stage = 'scoring the seed';
  hasStarted = false;
  isFinished = false;
  readonly #search = new SearchState();
  readonly #warnings = new Set<string>();

  constructor(startedAt: number) {
    this.spending = new Spending(startedAt);
  }

  /** Applies an event and returns the lines to show about it. */
  apply(event: GepaEvent): readonly Announcement[] {
    this.spending.apply(event);
    const partBefore = this.#search.pool.part;
    if (isDecision(event)) this.#search.apply(event);
    switch (event.type) {
      case 'run_started':
        this.hasStarted = true;
        return [plain(startLine(event))];
      case 'iteration_started':
        this.stage = `iteration ${formatCount(event.iteration)}${this.#partOfValset()}`;
        return [];
      case 'call_settled':
        if (event.phase === 'testset') this.stage = 'held-out test';
        return [];
      case 'retried':
        this.retries++;
        return this.retries === 1 ? [{ kind: 'warning', text: `Retrying: ${visible(event.message)}` }] : [];
      case 'warning':
        return this.#warn([event.message]);
      case 'candidate_added':
        return this.#addCandidate(event);
      case 'pool_changed':
        return this.#changePool(event, partBefore);
      case 'candidate_scored':
        if (event.purpose === 'finals') this.stage = 'final comparison';
        return [];
      case 'run_finished':
        this.isFinished = true;
        return [...this.#warn(event.warnings), ...this.#endLines(event).map(plain)];
      default:
        return [];
    }
  }

  #warn(messages: readonly string[]): Announcement[] {
    return messages
      .filter((message) => !this.#warnings.has(message))
      .map((message) => {
        this.#warnings.add(message);
        return { kind: 'warning', text: `Warning: ${visible(message).replaceAll('\n', '\n  ')}` };
      });
  }

  #addCandidate(event: EventOf<'candidate_added'>): Announcement[] {
    const { index, bestIndex } = event;
    const previousBest = this.bestScore;
    const candidate = scoredCandidate(event);
    this.candidates = index + 1;
    this.#updateScores();
    if (index === 0) {
      if (candidate.coverage === 0) {
        this.seedScore = undefined;
        return [];
      }
      return [plain(`Seed: ${formatScore(candidate.mean)} on ${validationExamples(candidate)}`)];
    }
    return bestIndex === index ? [{ kind: 'gain', text: newBestLine(candidate, previousBest) }] : [];
  }

  #changePool(
    { part, reason, iteration }: EventOf<'pool_changed'>,
    before: readonly number[],
  ): Announcement[] {
    this.#updateScores();
    if (iteration === 0 || part.length <= before.length) return [];
    const { valsetSize } = this.#search;
    const repeats = part.length - new Set(part).size;
    const size = `${formatCount(part.length - repeats)} of ${countOf(valsetSize, 'validation example')}`;
    const again = repeats === 0 ? '' : `, ${formatCount(repeats)} of them scored again`;
    return [plain(`Comparing candidates on ${size}${again}: ${reason}`)];
  }

  /** On the part of the valset on which the search compares candidates now. */
  #updateScores(): void {
    const { candidates, bestIndex } = this.#search;
    if (candidates.length === 0) return;
    this.seedScore = this.#search.partMean(0);
    this.bestScore = this.#search.partMean(bestIndex);
  }

  #partOfValset(): string {
    const { pool, valsetSize } = this.#search;
    const size = new Set(pool.part).size;
    return size === valsetSize ? '' : `, part ${formatCount(size)} of ${formatCount(valsetSize)}`;
  }

  #endLines({ stopReason, durationMs, metricCalls, usage, test }: EventOf<'run_finished'>): string[] {
    const { candidates, bestIndex } = this.#search;
    if (this.#search.chosen !== undefined) {
      const { bestScore, seedScore } = scoresOf(this.#search, candidates[bestIndex]!, candidates[0]!);
      this.bestScore = bestScore;
      this.seedScore = seedScore;
    }
    const found =
      this.seedScore === undefined || this.bestScore === undefined
        ? 'no candidate was scored'
        : this.#search.bestIndex === 0
          ? `the seed is still the best at ${formatScore(this.seedScore)}`
          : `best ${formatScore(this.bestScore)}, seed ${formatScore(this.seedScore)}`;
    const cost = usage.costUsd === undefined ? '' : `, ${formatUsd(usage.costUsd)}`;
    return [
      `Ended after ${formatDuration(durationMs)}: ${describeStopReason(stopReason)}`,
      `Validation: ${found}; ${countOf(this.candidates, 'candidate')}, ${countOf(metricCalls, 'metric call')}${cost}`,
      ...(test === undefined ? [] : [testLine(test)]),
    ];
  }
}

const plain = (text: string): Announcement => ({ kind: 'plain', text });

function startLine(event: EventOf<'run_started'>): string {
  const { components, trainsetSize, valsetSize, earlierMs } = event;
  const start =
    earlierMs === undefined ? 'Optimizing' : `Resumed after ${formatDuration(earlierMs)}: optimizing`;
  const limits = describeLimits(event);
  const atMost = limits === '' ? '' : `, at most ${limits}`;
  return `${start} ${countOf(components.length, 'component')} with ${formatCount(trainsetSize)} training and ${formatCount(valsetSize)} validation example${valsetSize === 1 ? '' : 's'}${atMost}`;
}

function newBestLine(candidate: ScoredCandidate, previousBest: number | undefined): string {
  const { index, mean, source, iteration, coverage, scores } = candidate;
  const gain = previousBest === undefined ? '' : ` (${formatGain(mean - previousBest)})`;
  const part = coverage < scores.length ? ` on ${validationExamples(candidate)}` : '';
  return `New best: ${formatScore(mean)}${gain}${part}, candidate ${index} by ${source} in iteration ${formatCount(iteration)}`;
}

function validationExamples({ coverage, scores }: ScoredCandidate): string {
  const all = countOf(scores.length, 'validation example');
  return coverage === scores.length ? all : `${formatCount(coverage)} of ${all}`;
}

function testLine({ seedScore, bestScore, gain, interval, size }: TestScores): string {
  const [low, high] = interval.map(formatGain);
  return `Held-out test: ${formatScore(seedScore)} → ${formatScore(bestScore)} (${formatGain(gain)}, 95% interval ${low} to ${high}, ${countOf(size, 'example')})`;
}
