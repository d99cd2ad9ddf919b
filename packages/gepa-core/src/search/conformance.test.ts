import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Adapter } from '../adapter/adapter.ts';
import { type DecisionEvent, isDecision } from '../events.ts';
import { optimize } from '../optimize.ts';
import {
  proposeTokens,
  runTokenTask,
  type TokenExample,
  type TokenOutput,
  type TokenTrace,
  tokenMetric,
  tokenRecords,
} from '../testing/token-task.ts';
import { type RecordedOptions, recordedOptions } from './fixtures/recorded-options.ts';

interface RecordedIteration {
  iteration: number;
  tasks: { parent: number; minibatch: number[]; before: number[] }[];
  skipped?: string[];
  proposals: { texts: Record<string, string>; after: number[] }[];
  merge?: {
    parents: number[];
    ancestor: number;
    subsample: number[];
    after: number[];
    accepted: boolean;
    candidate: Record<string, string>;
  };
  accepted: { index: number; parents: number[]; scores: Record<string, number>; best: boolean }[];
  metricCalls: number;
}

interface Recording {
  name: string;
  options: RecordedOptions;
  seedCandidate: Record<string, string>;
  trainset: TokenExample[];
  valset: TokenExample[] | null;
  multiObjective: boolean;
  iterations: RecordedIteration[];
  result: {
    candidates: Record<string, string>[];
    parents: unknown[];
    valScores: number[];
    bestIndex: number;
    frontByExample: Record<string, number[]>;
    discoveryMetricCalls: number[];
    totalMetricCalls: number;
  };
}

const folder = new URL('./fixtures/conformance/', import.meta.url);
const recordings = readdirSync(folder)
  .filter((file) => file !== 'rng.json')
  .map((file): Recording => JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

async function run(recording: Recording) {
  const events: DecisionEvent[] = [];
  const adapter: Adapter<TokenExample, TokenOutput, TokenTrace> = {
    components: Object.fromEntries(
      Object.entries(recording.seedCandidate).map(([name, text]) => [name, { text }]),
    ),
    run: async (candidate, example) => runTokenTask(candidate, example),
    reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
  };
  const result = await optimize({
    adapter,
    trainset: recording.trainset,
    valset: recording.valset ?? undefined,
    metric: tokenMetric({ multiObjective: recording.multiObjective }),
    propose: proposeTokens,
    onEvent: (event) => {
      if (isDecision(event)) events.push(event);
    },
    ...recordedOptions(recording.options),
  });
  return { result, iterations: iterationsOf(events) };
}

/** The decisions of a run in the format of the recordings. */
function iterationsOf(events: readonly DecisionEvent[]): RecordedIteration[] {
  const iterations: RecordedIteration[] = [];
  let best = 0;
  for (const event of events) {
    const current = iterations.at(-1);
    if (event.type === 'iteration_started') {
      iterations.push({ iteration: event.iteration, tasks: [], proposals: [], accepted: [], metricCalls: 0 });
    } else if (event.type === 'task_evaluated') {
      current!.tasks.push({
        parent: event.parent,
        minibatch: [...event.minibatch],
        before: [...event.scores],
      });
      if (event.skipped) current!.skipped = [...(current!.skipped ?? []), 'all_scores_perfect'];
    } else if (event.type === 'proposal_evaluated') {
      current!.proposals.push({ texts: event.texts as Record<string, string>, after: [...event.after] });
    } else if (event.type === 'merge_evaluated') {
      current!.merge = {
        parents: [...event.parents],
        ancestor: event.ancestor!,
        subsample: [...event.subsample],
        after: [...event.scores],
        accepted: event.accepted,
        candidate: event.texts,
      };
    } else if (event.type === 'candidate_added') {
      current?.accepted.push({
        index: event.index,
        parents: [...event.parents],
        scores: Object.fromEntries(event.scores.map((score, position) => [position, score!])),
        best: event.bestIndex === event.index && best !== event.index,
      });
      best = event.bestIndex;
    } else if (event.type === 'iteration_finished') {
      current!.metricCalls = event.metricCalls;
    }
  }
  return iterations;
}

describe.each(recordings)('the recording $name', (recording) => {
  it(`the search makes every decision of the recording ${recording.name}`, async () => {
    const { result, iterations } = await run(recording);
    const cached = recording.options.cache_evaluation === true;
    recording.iterations.forEach((expected, i) => {
      const actual = iterations[i];
      const metricCalls = cached ? actual?.metricCalls : expected.metricCalls;
      // In the order of the decisions, so that a mismatch prints the first one that differs.
      for (const decision of ['tasks', 'skipped', 'merge', 'proposals', 'accepted'] as const) {
        expect(actual?.[decision], `${decision} of iteration ${expected.iteration}`).toEqual(
          expected[decision],
        );
      }
      // With a cache this package makes fewer metric calls, because its cache serves minibatches too.
      if (cached) expect(actual?.metricCalls).toBeLessThanOrEqual(expected.metricCalls);
      expect(actual, `iteration ${expected.iteration}`).toEqual({ ...expected, metricCalls });
    });
    expect(iterations.length).toBe(recording.iterations.length);
    expect(result.candidates.map(({ texts }) => texts)).toEqual(recording.result.candidates);
    expect(result.candidates.map(({ mean }) => mean)).toEqual(recording.result.valScores);
    expect(result.bestIndex).toBe(recording.result.bestIndex);
    if (result.frontier.type === 'instance' || result.frontier.type === 'hybrid') {
      const byExample = result.frontier.keys.filter(({ example }) => example !== undefined);
      expect(Object.fromEntries(byExample.map(({ example, candidates }) => [example, candidates]))).toEqual(
        recording.result.frontByExample,
      );
    }
    if (!cached) {
      expect(result.candidates.map(({ metricCalls }) => metricCalls)).toEqual(
        recording.result.discoveryMetricCalls,
      );
      expect(result.totalMetricCalls).toBe(recording.result.totalMetricCalls);
    }
  });
});
