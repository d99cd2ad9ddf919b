// @module-tag slow
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoopbackServer, startServer } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Candidate } from '../component.ts';
import { type DecisionEvent, type GepaEvent, isDecision } from '../events.ts';
import { Random } from '../statistics/random.ts';
import { withoutTimes } from '../testing/fixtures/token-run.ts';
import { runTokenTask, type TokenExample } from '../testing/token-task.ts';
import { EarlierReservations } from './earlier-sessions.ts';
import { runAgainst } from './fixtures/killed-run.ts';

const kills = 100;
const vocabulary = ['red', 'green', 'blue', 'round', 'square', 'soft', 'hard', 'old'];

interface ModelRequest {
  readonly candidate?: Candidate;
  readonly example?: TokenExample;
  readonly prompt?: string;
}

let root: string;
let server: LoopbackServer;
/** The keys of all requests, in order. */
let requested: string[] = [];
let onRequest = () => {};
/** Tokens of all requests, answered or not. */
let billed = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gepa-kill-'));
  server = await startServer(async ({ body }, response) => {
    const modelRequest = JSON.parse(body);
    requested.push(keyOf(modelRequest));
    onRequest();
    const answer = answerTo(modelRequest);
    billed += answer.usage.inputTokens + answer.usage.outputTokens;
    // A real delay, since the run is another process: several requests are in flight when it is killed.
    await sleep(Math.random() * 4);
    response.end(JSON.stringify(answer));
  });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

function answerTo({ candidate, example, prompt }: ModelRequest) {
  if (prompt === undefined) {
    const usage = { modelCalls: 1, inputTokens: 20, outputTokens: 10 };
    return { ...runTokenTask(candidate!, example!), usage };
  }
  const text = /\[([^\]]*)\]/.exec(prompt)![1]!;
  const sum = [...prompt].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) % 65_521, 7);
  const usage = { modelCalls: 1, inputTokens: prompt.length, outputTokens: text.length };
  return { text: `\`\`\`\n${text} ${vocabulary[sum % vocabulary.length]}\n\`\`\``, usage };
}

function keyOf({ candidate, example, prompt }: ModelRequest): string {
  return prompt ?? JSON.stringify([candidate, example!.id]);
}

/** How often each rollout and reflection is in the journal, by the key that the server records. */
function callsInJournal(runDir: string): ReadonlyMap<string, number> {
  const path = join(runDir, 'journal.jsonl');
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const entries = lines.map((line) => JSON.parse(line));
  const texts = new Map(
    entries.filter(({ type }) => type === 'texts').map((entry) => [entry.textsId, entry.texts]),
  );
  const keys = entries.flatMap((entry) => {
    if (entry.type === 'reflection') return [entry.prompt as string];
    if (entry.type === 'rollout') return [JSON.stringify([texts.get(entry.textsId), entry.exampleId])];
    return [];
  });
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

it(`a run that is killed ${kills} times at random moments ends like an uninterrupted run and repeats no finished call`, async () => {
  const decisions: DecisionEvent[] = [];
  const uninterrupted = await runAgainst(server.url, join(root, 'uninterrupted'), (event) => {
    if (isDecision(event)) decisions.push(event);
  });
  const merges = decisions.filter((event) => event.type === 'merge_evaluated');
  expect(merges.some(({ ancestor }) => ancestor === undefined)).toBe(true);
  const expected = callsInJournal(join(root, 'uninterrupted'));
  billed = 0;
  const script = join(import.meta.dirname, 'fixtures', 'killed-run.ts');
  const runDir = join(root, 'killed');
  const resultFile = join(root, 'result.json');
  const random = new Random(1);
  let killed = 0;

  const session = async (isToBeKilled: boolean) => {
    const journaled = callsInJournal(runDir);
    requested = [];
    const child = spawn(
      process.execPath,
      ['--conditions=gepa-source', script, server.url, runDir, resultFile],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.on('exit', (_, signal) => resolve(signal)),
    );
    if (isToBeKilled) {
      const kill = (ms: number) => void sleep(ms).then(() => child.kill('SIGKILL'));
      // Some sessions are killed before their first request, while they read or replay the journal.
      if (random.random() < 0.1) kill(random.random() * 200);
      let requestsLeft = 1 + random.randbelow(7);
      onRequest = () => {
        if (--requestsLeft === 0) kill(random.random() * 4);
      };
    }
    const signal = await ended;
    onRequest = () => {};
    if (signal === 'SIGKILL') killed++;
    // A run may ask the same twice, such as the same prompt for two tasks.
    const isFinished = (key: string) => (journaled.get(key) ?? 0) >= (expected.get(key) ?? 1);
    expect(requested.filter(isFinished)).toEqual([]);
  };
  while (killed < kills && !existsSync(resultFile)) await session(true);
  while (!existsSync(resultFile)) await session(false);

  expect(killed).toBe(kills);
  expect(callsInJournal(runDir)).toEqual(expected);
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  // Requests that were in flight when their process was killed may have been billed.
  const unsettled = new EarlierReservations();
  const lines = readFileSync(join(runDir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  for (const line of lines) unsettled.learn(JSON.parse(line));
  const known = result.usage.inputTokens + result.usage.outputTokens;
  expect(billed).toBeGreaterThan(known);
  expect(billed).toBeLessThanOrEqual(known + unsettled.uncertain.tokens);
  const comparable = (from: object) =>
    JSON.parse(JSON.stringify({ ...from, runId: 0, durationMs: 0, time: 0, retries: 0 }));
  expect(comparable(result)).toEqual(comparable(uninterrupted));
  const events = readFileSync(join(runDir, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      // Added to the file: scores by the names of the examples.
      const { scoresById: _, ...event } = JSON.parse(line);
      return event as GepaEvent;
    })
    .filter((event) => isDecision(event));
  expect(withoutTimes(events)).toEqual(JSON.parse(JSON.stringify(withoutTimes(decisions))));
}, 600_000);
