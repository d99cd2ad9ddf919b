import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { tool } from '@langchain/core/tools';
import type { OptimizationResult } from 'gepa-core';
import { createAgent } from 'langchain';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { contentText, type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

const secrets = ['sk-task-4711', 'sk-reflection-4712', 'tenant-4713', 'query-4714'];

let server: OpenAIServer;
let root: string;
let faults = 0;
let fault = { status: 400, error: 'That is no good request.' };
beforeAll(async () => {
  server = await startOpenAIServer(({ messages, tools }) => {
    const said = messages.map(contentText).join('\n');
    if (/Your task|```/.test(said)) return `\`\`\`\nBe kind and polite, ${said.length}.\n\`\`\``;
    if (faults-- > 0) return fault;
    if (tools !== undefined && !messages.some(({ role }) => role === 'tool')) {
      const call = { name: 'lookup', arguments: '{"key":"k"}' };
      return {
        tool_calls: [{ id: 'call-1', type: 'function', function: call }],
        finish_reason: 'tool_calls',
      };
    }
    return `${contentText(messages[0])} Yes.`;
  });
});
afterAll(() => server.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-langchain-'));
  faults = 0;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const model = (apiKey: string) =>
  server.model({
    apiKey,
    configuration: {
      baseURL: server.url,
      defaultHeaders: { 'x-tenant': 'tenant-4713' },
      defaultQuery: { token: 'query-4714' },
    },
  });
const lookup = tool(({ key }) => `${key} is 4`, {
  name: 'lookup',
  description: 'Looks something up.',
  schema: z.object({ key: z.string() }),
});
/** Its output is a message, not plain data. */
const chain = () =>
  ChatPromptTemplate.fromMessages([
    ['system', 'Be kind.'],
    ['human', '{question}'],
  ]).pipe(model(secrets[0]!));
const agent = () => createAgent({ model: model(secrets[0]!), tools: [lookup], systemPrompt: 'Be kind.' });

const questions = ['one', 'two', 'three'];
const toAgent = questions.map((content) => ({ input: { messages: [{ role: 'user', content }] } }));

interface Session {
  readonly runDir: string;
  readonly maxIterations: number;
}

/** What all runs here have in common: a metric that always leaves room, and children that are as good. */
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
  'a chain that ends in a message': (session) => {
    const examples = questions.map((question) => ({ input: { question } }));
    return gepa(chain()).compile({ trainset: examples, valset: examples.slice(0, 2), ...search(session) });
  },
  'an agent': (session) =>
    gepa(agent()).compile({ trainset: toAgent, valset: toAgent.slice(0, 2), ...search(session) }),
};

it.each(Object.entries(programs))(
  '%s is taken up from a run directory, and no secret is written',
  async (_, run) => {
    const requestsOf = async (run: () => Promise<unknown>) => {
      const before = server.requests.length;
      await run();
      return server.requests.slice(before).map(({ messages }) => messages);
    };
    const atOnce = await requestsOf(() => run({ runDir: 'at-once', maxIterations: 3 }));
    faults = 1;
    const first = await requestsOf(() => run({ runDir: 'twice', maxIterations: 1 }));
    const second = await requestsOf(() => run({ runDir: 'twice', maxIterations: 3 }));
    const again = await requestsOf(() => run({ runDir: 'twice', maxIterations: 3 }));
    expect(atOnce.length).toBeGreaterThan(10);
    expect(first.length + second.length).toBeGreaterThan(10);
    expect(again).toEqual([]);
    expect((await run({ runDir: 'at-once', maxIterations: 4 })).result.iterations).toBe(4);

    for (const directory of readdirSync(root)) {
      for (const file of readdirSync(join(root, directory))) {
        const text = readFileSync(join(root, directory, file), 'utf8');
        expect(text.length).toBeGreaterThan(100);
        for (const secret of secrets) expect(text, `${directory}/${file}`).not.toContain(secret);
      }
    }
  },
);

it('writes no key that a provider repeats in its refusal', async () => {
  const options = search({ runDir: 'refused', maxIterations: 2 });
  faults = 2;
  fault = { status: 401, error: `Incorrect API key provided: ${secrets[0]}` };
  const program = ChatPromptTemplate.fromTemplate('Be kind. {question}').pipe(model(secrets[0]!));
  const examples = questions.map((question) => ({ input: { question } }));
  const error = await gepa(program)
    .compile({ trainset: examples, ...options, concurrency: 1 })
    .catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('Incorrect API key');
  for (const file of readdirSync(join(root, 'refused'))) {
    expect(readFileSync(join(root, 'refused', file), 'utf8')).not.toContain(secrets[0]);
  }
});

it('shows the reflection model the same prompt whether or not the run was taken up', async () => {
  const prompts = async (runDir: string, ends: readonly number[]) => {
    const seen: string[] = [];
    for (const maxIterations of ends) {
      await gepa(agent()).compile({
        trainset: toAgent,
        valset: toAgent.slice(0, 2),
        metric: ({ output }) => ({ score: 0.5, feedback: `It said ${JSON.stringify(output).length > 0}.` }),
        reflectionModel: async ({ prompt }: { prompt: string }) => {
          seen.push(prompt.replaceAll(/call-\w+|[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id'));
          return `\`\`\`\nBe kind ${seen.length}.\n\`\`\``;
        },
        acceptanceCriterion: 'improvement_or_equal',
        maxIterations,
        runDir: join(root, runDir),
      });
    }
    return seen;
  };
  expect(await prompts('twice', [2, 4])).toEqual(await prompts('at-once', [4]));
});

it('a relative run directory is meant from where the process is at the call', async () => {
  const before = process.cwd();
  mkdirSync(join(root, 'other'));
  process.chdir(root);
  try {
    const run = gepa(agent()).compile({
      trainset: toAgent,
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
