import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import type { OptimizationResult } from 'gepa-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer, systemOf } from './testing/openai-server.ts';

const secrets = ['sk-task-4711', 'sk-reflection-4712', 'tenant-4713'];

let server: OpenAIServer;
let root: string;
beforeAll(async () => {
  server = await startOpenAIServer((request) => {
    const said = request.messages.map(({ content }) => JSON.stringify(content)).join('\n');
    if (systemOf(request) === '') return `\`\`\`\nBe kind and polite, ${said.length}.\n\`\`\``;
    if (request.tools !== undefined && !request.messages.some(({ role }) => role === 'tool')) {
      return { calls: [{ name: 'lookup', args: { key: 'k' } }] };
    }
    return `${systemOf(request)} Yes.`;
  });
});
afterAll(() => server.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-mastra-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const model = (apiKey: string) => ({ ...server.model, apiKey, headers: { 'x-tenant': 'tenant-4713' } });
const lookup = createTool({
  id: 'lookup',
  description: 'Looks something up.',
  inputSchema: z.object({ key: z.string() }),
  execute: async () => ({ value: 4 }),
});
const agent = () =>
  new Agent({
    id: 'support',
    name: 'Support',
    instructions: 'Be kind.',
    model: model(secrets[0]!),
    tools: { lookup },
  });
const workflow = () =>
  createWorkflow({
    id: 'desk',
    inputSchema: z.object({ prompt: z.string() }),
    outputSchema: z.object({ text: z.string() }),
  })
    .then(createStep(agent()))
    .commit();

interface Session {
  readonly runDir: string;
  readonly maxIterations: number;
}

const search = (session: Session) =>
  ({
    metric: ({ output }: { output: unknown }) => ({
      score: Math.min(0.9, JSON.stringify(output).length / 10_000),
      feedback: 'Be more polite.',
    }),
    reflectionModel: model(secrets[1]!),
    acceptanceCriterion: 'improvement_or_equal',
    ...session,
    runDir: join(root, session.runDir),
  }) as const;

const programs: Record<string, (session: Session) => Promise<{ result: OptimizationResult }>> = {
  'an agent': (session) => {
    const examples = ['one', 'two', 'three'].map((input) => ({ input }));
    return gepa(agent()).compile({ trainset: examples, valset: examples.slice(0, 2), ...search(session) });
  },
  'a workflow': (session) => {
    const examples = ['one', 'two', 'three'].map((prompt) => ({ input: { prompt } }));
    return gepa(workflow()).compile({ trainset: examples, valset: examples.slice(0, 2), ...search(session) });
  },
};

it.each(Object.entries(programs))(
  '%s is taken up from a run directory, and no secret is written',
  async (_, run) => {
    const requestsOf = async (call: () => Promise<unknown>) => {
      const before = server.requests.length;
      await call();
      return server.requests.length - before;
    };
    const atOnce = await requestsOf(() => run({ runDir: 'at-once', maxIterations: 3 }));
    const first = await requestsOf(() => run({ runDir: 'twice', maxIterations: 1 }));
    const second = await requestsOf(() => run({ runDir: 'twice', maxIterations: 3 }));
    expect(first + second).toBe(atOnce);
    expect(await requestsOf(() => run({ runDir: 'twice', maxIterations: 3 }))).toBe(0);

    for (const directory of readdirSync(root)) {
      for (const file of readdirSync(join(root, directory))) {
        const text = readFileSync(join(root, directory, file), 'utf8');
        expect(text.length).toBeGreaterThan(100);
        for (const secret of secrets) expect(text, `${directory}/${file}`).not.toContain(secret);
      }
    }
  },
);

it('a relative run directory is meant from where the process is at the call', async () => {
  const before = process.cwd();
  mkdirSync(join(root, 'other'));
  process.chdir(root);
  try {
    const run = gepa(agent()).compile({
      trainset: ['one', 'two'].map((input) => ({ input })),
      ...search({ runDir: '', maxIterations: 1 }),
      runDir: 'here',
    });
    process.chdir(join(root, 'other'));
    await run;
  } finally {
    process.chdir(before);
  }
  expect(readdirSync(join(root, 'here'))).toContain('journal.jsonl');
});
