// @module-tag slow
import { readdirSync, readFileSync } from 'node:fs';
import { hasRedis, Redis } from 'gepa-test-server/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Adapter } from '../adapter/adapter.ts';
import { type DecisionEvent, isDecision } from '../events.ts';
import { bullmq, serveRollouts } from '../exports/bullmq.ts';
import { optimize } from '../optimize.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import { type RecordedOptions, recordedOptions } from '../search/fixtures/recorded-options.ts';
import {
  proposeTokens,
  runTokenTask,
  type TokenExample,
  type TokenOutput,
  type TokenTrace,
  tokenMetric,
  tokenRecords,
} from '../testing/token-task.ts';

interface Recording {
  readonly name: string;
  readonly options: RecordedOptions;
  readonly seedCandidate: Readonly<Record<string, string>>;
  readonly trainset: readonly TokenExample[];
  readonly valset: readonly TokenExample[] | null;
  readonly multiObjective: boolean;
}

const folder = new URL('../search/fixtures/conformance/', import.meta.url);
const recordings = readdirSync(folder)
  .filter((file) => file !== 'rng.json')
  .map((file): Recording => JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

describe.skipIf(!hasRedis)('the decisions of the recorded runs', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await Redis.start();
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
  });

  for (const [index, recording] of recordings.entries()) {
    const workers = [1, 2, 8][index % 3]!;
    it(`a recorded run decides the same with ${workers} workers as in one process: ${recording.name}`, async () => {
      const address = { connection: redis.connection, queue: `decisions-${index}` };
      const metric = tokenMetric({ multiObjective: recording.multiObjective });
      const servers = await Promise.all(
        Array.from({ length: workers }, () => serveRollouts(adapterOf(recording, 4), { ...address, metric })),
      );
      try {
        expect(await decisionsOf(recording, bullmq(address))).toEqual(await decisionsOf(recording));
      } finally {
        await Promise.all(servers.map((server) => server.close()));
      }
    });
  }
});

/** Results come back in any order: rollouts take up to `maxMs`. */
function adapterOf(recording: Recording, maxMs: number): Adapter<TokenExample, TokenOutput, TokenTrace> {
  return {
    components: Object.fromEntries(
      Object.entries(recording.seedCandidate).map(([name, text]) => [name, { text }]),
    ),
    source: 'the token task',
    async run(candidate, example) {
      await new Promise((resolve) => setTimeout(resolve, maxMs * Math.random()));
      return runTokenTask(candidate, example);
    },
    reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
  };
}

async function decisionsOf(recording: Recording, rollouts?: Rollouts) {
  const events: DecisionEvent[] = [];
  const result = await optimize({
    adapter: adapterOf(recording, 0),
    trainset: recording.trainset,
    valset: recording.valset ?? undefined,
    metric: tokenMetric({ multiObjective: recording.multiObjective }),
    propose: proposeTokens,
    onEvent: (event) => {
      if (isDecision(event)) events.push(event);
    },
    rollouts,
    ...recordedOptions(recording.options),
  });
  return {
    decisions: events.map((event) => withoutTimes(event)),
    candidates: result.candidates,
    metricCalls: result.totalMetricCalls,
    warnings: result.warnings,
  };
}

function withoutTimes(event: DecisionEvent): object {
  const {
    runId: _run,
    durationMs: _duration,
    time: _time,
    ...rest
  } = event as unknown as Record<string, unknown>;
  return rest;
}
