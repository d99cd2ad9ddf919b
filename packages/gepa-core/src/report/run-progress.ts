import { scoredCandidate } from '../engine/state.ts';
import type { GepaEvent } from '../events.ts';
import type { TestScores } from '../result.ts';
import type { ScoredCandidate } from '../search-view.ts';
import { countOf, formatCount, formatDuration, formatGain, formatScore } from './format.ts';
import { describeStopReason } from './stop-reason.ts';
import { visible } from './visible.ts';

type EventOf<Type extends GepaEvent['type']> = Extract<GepaEvent, { type: Type }>;

/** Something worth a line of its own. */
export interface Announcement {
  readonly kind: 'plain' | 'gain' | 'warning';
  readonly text: string;
}

/** From so many rollouts on, their pace says something about the rest. */
const MIN_ROLLOUTS_FOR_PACE = 5;

/** Where a run stands, for people, as told by its events. */
export class RunProgress {
  maxMetricCalls: number | undefined;
  metricCalls = 0;
  retries = 0;
  candidates = 0;
  seedScore: number | undefined;
  bestScore: number | undefined;
  /** What the run is at. */
  stage = 'scoring the seed';
  hasStarted = false;
  isFinished = false;
  readonly #startedAt: number;
  readonly #means: number[] = [];
  readonly #warnings = new Set<string>();
  #bestIndex = 0;
  /** Rollouts that were seen to finish: unlike metric calls, never those of an earlier run that is resumed. */
  #rollouts = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  elapsedMs(now: number): number {
    return now - this.#startedAt;
  }

  /** At the pace so far; `undefined` while that is not known, or without a bound on metric calls. */
  remainingMs(now: number): number | undefined {
    if (this.maxMetricCalls === undefined || this.#rollouts < MIN_ROLLOUTS_FOR_PACE) return undefined;
    const open = Math.max(0, this.maxMetricCalls - this.metricCalls);
    return (this.elapsedMs(now) / this.#rollouts) * open;
  }

  /** Takes in an event and says what is to be told about it. */
  apply(event: GepaEvent): readonly Announcement[] {
    if ('metricCalls' in event) this.metricCalls = Math.max(this.metricCalls, event.metricCalls);
    switch (event.type) {
      case 'run_started':
        this.hasStarted = true;
        this.maxMetricCalls = event.maxMetricCalls;
        return [plain(startLine(event))];
      case 'iteration_started':
        this.stage = `iteration ${formatCount(event.iteration)}`;
        return [];
      case 'rollout_finished':
        this.#rollouts++;
        if (event.phase === 'testset') this.stage = 'held-out test';
        return [];
      case 'retried':
        this.retries++;
        return [];
      case 'warning':
        return this.#warn([event.message]);
      case 'candidate_added':
        return this.#addCandidate(scoredCandidate(event), event.bestIndex);
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

  #addCandidate(candidate: ScoredCandidate, bestIndex: number): Announcement[] {
    const { index, mean } = candidate;
    const formerBest = this.bestScore;
    this.#means[index] = mean;
    this.candidates = index + 1;
    this.#bestIndex = bestIndex;
    this.bestScore = this.#means[bestIndex];
    if (index === 0) {
      this.seedScore = mean;
      return [plain(`Seed: ${formatScore(mean)} on ${validationExamples(candidate)}`)];
    }
    return bestIndex === index ? [{ kind: 'gain', text: newBestLine(candidate, formerBest) }] : [];
  }

  #endLines({ stopReason, durationMs, metricCalls, test }: EventOf<'run_finished'>): string[] {
    const found =
      this.seedScore === undefined || this.bestScore === undefined
        ? 'no candidate was scored'
        : this.#bestIndex === 0
          ? `the seed is still the best at ${formatScore(this.seedScore)}`
          : `best ${formatScore(this.bestScore)}, seed ${formatScore(this.seedScore)}`;
    return [
      `Ended after ${formatDuration(durationMs)}: ${describeStopReason(stopReason)}`,
      `Validation: ${found}; ${countOf(this.candidates, 'candidate')}, ${countOf(metricCalls, 'metric call')}`,
      ...(test === undefined ? [] : [testLine(test)]),
    ];
  }
}

const plain = (text: string): Announcement => ({ kind: 'plain', text });

function startLine({ components, trainsetSize, valsetSize, maxMetricCalls }: EventOf<'run_started'>): string {
  const bound = maxMetricCalls === undefined ? '' : `, at most ${countOf(maxMetricCalls, 'metric call')}`;
  return `Optimizing ${countOf(components.length, 'component')} with ${formatCount(trainsetSize)} training and ${formatCount(valsetSize)} validation examples${bound}`;
}

function newBestLine(candidate: ScoredCandidate, formerBest: number | undefined): string {
  const { index, mean, source, iteration, coverage, scores } = candidate;
  const gain = formerBest === undefined ? '' : ` (${formatGain(mean - formerBest)})`;
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
