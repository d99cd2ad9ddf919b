import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RolloutError } from '../errors.ts';
import { type GepaEvent, isDecision } from '../events.ts';
import { optimize } from '../optimize.ts';

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'gepa-mask-'));
});
afterEach(() => {
  rmSync(runDir, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const hex = '0f3c9a7be1d24c58';
const password = 'correct horse "battery"';
const fromEnvironment = 'environment-value-1';
const providerKey = 'sk-proj-abc123DEF456';

/** A program that repeats keys in its output, its trace and its errors, and fails on every second example. */
function run(given: { readonly texts: readonly string[] }) {
  const events: GepaEvent[] = [];
  const shown: string[] = [];
  const words = given.texts.join(' and ');
  const trace = [
    {
      kind: 'model',
      name: 'primary',
      input: 'hi',
      error: `400 Incorrect API key provided: ${words}`,
      components: ['prompt'],
    },
    { kind: 'model', name: 'fallback', input: 'hi', output: `said ${words}`, components: ['prompt'] },
  ] as const;
  const result = optimize({
    adapter: {
      components: { prompt: { text: 'base' } },
      secrets: [hex, password],
      async run(_candidate, example: { id: string; fails: boolean }) {
        if (example.fails)
          throw new RolloutError(`Request with ${words} failed`, { cause: undefined, trace });
        return { output: { answer: `with ${words}`, [words]: 1 }, trace };
      },
    },
    trainset: [
      { id: `a-${hex}`, fails: true },
      { id: `b-${hex}`, fails: false },
    ],
    metric: ({ output }) => ({
      score: 0.5,
      feedback: output === undefined ? '' : `saw ${words}`,
      objectives: { [`with ${hex}`]: 0.5 },
    }),
    background: `background ${words}`,
    objective: `objective ${words}`,
    readerHint: `reader ${words}`,
    guidance: { prompt: `guidance ${words}` },
    descriptions: { prompt: `description ${words}` },
    reflectionModel: async ({ prompt }) => {
      shown.push(prompt);
      if (shown.length === 2) throw new Error(`the model refuses ${words}`);
      return `\`\`\`\nbetter ${shown.length}\n\`\`\``;
    },
    maxIterations: 3,
    reflectionMinibatchSize: 2,
    acceptanceCriterion: 'improvement_or_equal',
    runDir,
    onEvent: (event) => {
      events.push(event);
    },
  });
  return { result, events, shown };
}

const decisions = (events: readonly GepaEvent[]) =>
  events.filter(isDecision).map((event) => ({ ...event, durationMs: 0, time: 0, earlierMs: 0 }));

it('no key of a program reaches the run directory, events, warnings or the reflection prompt', async () => {
  vi.stubEnv('MISTRAL_API_KEY', fromEnvironment);
  const texts = [hex, password, encodeURIComponent(password), fromEnvironment, providerKey];
  const { result, events, shown } = run({ texts });
  const { warnings } = await result;
  const files = readdirSync(runDir).map((file) => readFileSync(join(runDir, file), 'utf8'));
  const everything = [...files, JSON.stringify(events), JSON.stringify(warnings), ...shown].join('\n');
  for (const text of [...texts, JSON.stringify(password).slice(1, -1)]) {
    expect(everything).not.toContain(text);
  }
  expect(shown[0]).toContain('400 Incorrect API key provided: [key]');
  expect(files.join()).toContain('the model refuses [key]');
});

it('a replay of a run with masked keys decides as the run did', async () => {
  const texts = [hex, password, providerKey];
  const first = run({ texts });
  await first.result;
  const second = run({ texts });
  await second.result;
  expect(second.shown).toEqual([]);
  expect(decisions(second.events)).toEqual(decisions(first.events));
});

it('a custom proposer receives records without keys', async () => {
  let received = '';
  await optimize({
    adapter: {
      components: { prompt: { text: 'base' } },
      secrets: [hex],
      run: async () => ({ output: `with ${hex}`, trace: [] }),
    },
    trainset: [{ id: 'a' }],
    metric: () => 0.5,
    propose: async ({ records }) => {
      received = JSON.stringify(records);
      return { prompt: 'better' };
    },
    maxIterations: 1,
  });
  expect(received).toContain('with [key]');
});

it('keys in the names of models and in descriptions are masked in the journal', async () => {
  await optimize({
    adapter: {
      components: { prompt: { text: 'base', description: `Sent with ${hex}` } },
      models: [`https://host/${hex}/model`],
      secrets: [hex],
      run: async () => ({ output: 'yes' }),
    },
    reflectionModel: Object.assign(async () => '', { modelName: `model-${hex}` }),
    trainset: [{ input: 'hi' }],
    metric: () => 1,
    maxIterations: 1,
    runDir,
  });
  for (const file of readdirSync(runDir)) expect(readFileSync(join(runDir, file), 'utf8')).not.toContain(hex);
});

it('a key of the program in a component is refused before anything is spent', async () => {
  const run = vi.fn(async () => ({ output: '' }));
  const running = optimize({
    adapter: {
      components: { prompt: { text: `Log in with ${hex}.` }, [`for ${hex}`]: { text: 'fine' } },
      secrets: [hex],
      run,
    },
    trainset: [{ input: 1 }],
    metric: () => 0,
    propose: async () => ({}),
    maxMetricCalls: 10,
  });
  await expect(running).rejects.toMatchObject({
    problems: [
      expect.stringMatching(/^The text of prompt contains an API key/),
      'The component name "for [key]" contains an API key. Rename it.',
    ],
  });
  await expect(running).rejects.not.toThrow(hex);
  expect(run).not.toHaveBeenCalled();
});
