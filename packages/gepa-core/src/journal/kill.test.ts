import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoopbackServer, startServer } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DecisionEvent, isDecision } from '../events.ts';
import { Random } from '../search/random.ts';
import { timeless } from '../testing/fixtures/token-run.ts';
import { runTokenTask } from '../testing/token-task.ts';
import { EarlierDoubt } from './earlier-sessions.ts';
import { runAgainst } from './fixtures/killed-run.ts';

const kills = 100;
const vocabulary = ['red', 'green', 'blue', 'round', 'square', 'soft', 'hard', 'old'];

let root: string;
let server: LoopbackServer;
/** Everything that was asked, in order. */
let asked: string[] = [];
let onAsked = () => {};
/** Tokens of all that was asked, answered or not. */
let billed = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gepa-kill-'));
  server = await startServer(async ({ body }, response) => {
    const question = JSON.parse(body);
    asked.push(keyOf(question));
    onAsked();
    const answer = answerTo(question);
    billed += answer.usage.inputTokens + answer.usage.outputTokens;
    await sleep(Math.random() * 4);
    response.end(JSON.stringify(answer));
  });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire.
function answerTo(question: any) {
  if (question.prompt === undefined) {
    const usage = { modelCalls: 1, inputTokens: 20, outputTokens: 10 };
    return { ...runTokenTask(question.candidate, question.example), usage };
  }
  const text = /\[([^\]]*)\]/.exec(question.prompt)![1]!;
  const sum = [...question.prompt].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) % 65_521, 7);
  const usage = { modelCalls: 1, inputTokens: question.prompt.length, outputTokens: text.length };
  return { text: `\`\`\`\n${text} ${vocabulary[sum % vocabulary.length]}\n\`\`\``, usage };
}

// biome-ignore lint/suspicious/noExplicitAny: likewise.
function keyOf(question: any): string {
  return question.prompt ?? JSON.stringify([question.candidate, question.example.id]);
}

/** What the journal holds, by the keys of the server. */
function written(runDir: string): { keys: string[]; doubles: number } {
  const path = join(runDir, 'journal.jsonl');
  if (!existsSync(path)) return { keys: [], doubles: 0 };
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const entries = lines.map((line) => JSON.parse(line));
  const texts = new Map(
    entries.filter(({ type }) => type === 'candidate').map((entry) => [entry.candidate, entry.texts]),
  );
  const keys = entries.flatMap((entry) => {
    if (entry.type === 'reflection') return [entry.prompt as string];
    if (entry.type === 'rollout') return [JSON.stringify([texts.get(entry.candidate), entry.exampleId])];
    return [];
  });
  return { keys, doubles: keys.length - new Set(keys).size };
}

it(`killed at ${kills} random moments, a run ends as one that was not, and asks for nothing twice that it had`, async () => {
  const decisions: DecisionEvent[] = [];
  const quiet = await runAgainst(server.url, join(root, 'quiet'), (event) => {
    if (isDecision(event)) decisions.push(event);
  });
  billed = 0;
  const script = join(import.meta.dirname, 'fixtures', 'killed-run.ts');
  const runDir = join(root, 'killed');
  const resultFile = join(root, 'result.json');
  const random = new Random(1);
  let killed = 0;

  const session = async (isToBeKilled: boolean) => {
    const known = new Set(written(runDir).keys);
    asked = [];
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
      // Now and then before the session has asked for anything, while it reads or replays.
      if (random.random() < 0.1) kill(random.random() * 200);
      let left = 1 + random.randbelow(7);
      onAsked = () => {
        if (--left === 0) kill(random.random() * 4);
      };
    }
    const signal = await ended;
    onAsked = () => {};
    if (signal === 'SIGKILL') killed++;
    expect(asked.filter((key) => known.has(key))).toEqual([]);
  };
  while (killed < kills && !existsSync(resultFile)) await session(true);
  while (!existsSync(resultFile)) await session(false);

  expect(killed).toBe(kills);
  expect(written(runDir).doubles).toBe(0);
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  // What died with its process was asked for, and may be billed.
  const doubt = new EarlierDoubt();
  const lines = readFileSync(join(runDir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  for (const line of lines) doubt.learn(JSON.parse(line));
  const known = result.usage.inputTokens + result.usage.outputTokens;
  expect(billed).toBeGreaterThan(known);
  expect(billed).toBeLessThanOrEqual(known + doubt.amount.tokens);
  const comparable = (from: object) =>
    JSON.parse(JSON.stringify({ ...from, runId: 0, durationMs: 0, time: 0, retries: 0 }));
  expect(comparable(result)).toEqual(comparable(quiet));
  const told = readFileSync(join(runDir, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(timeless(told)).toEqual(JSON.parse(JSON.stringify(timeless(decisions))));
}, 300_000);
