import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChatReply, type ChatRequest, contentText, systemOf } from '../chat.ts';
import { type OpenAIServer, startOpenAIServer } from '../openai-server.ts';

/** Options for `compile` that the subject passes on. */
export interface RunDirectoryOptions {
  readonly runDir: string;
  readonly maxIterations: number;
  readonly acceptanceCriterion: 'improvement_or_equal';
  readonly concurrency?: number;
  readonly metric: (args: { readonly output: unknown }) => {
    readonly score: number;
    readonly feedback: string;
  };
  /** Replaces the subject's reflection model. */
  readonly reflectionModel?: (request: { readonly prompt: string }) => Promise<string>;
}

type Compile = (
  server: OpenAIServer,
  options: RunDirectoryOptions,
) => Promise<{ readonly result: { readonly iterations: number } }>;

export interface RunDirectorySubject {
  /**
   * Compiles programs with three examples, two of them in the valset. Each has the system prompt "Be kind." and one
   * model; one that is offered a tool is offered `lookup`, with a string `key`.
   */
  readonly programs: Readonly<Record<string, Compile>>;
  /** Keys, headers and the like that the programs and reflection models send; the first is the program's API key. */
  readonly secrets: readonly string[];
}

/** Ids that differ from run to run. */
const ids = /call-[\w-]+|[0-9a-f]{8}-[0-9a-f-]{27}/g;

/** What a run directory resumes, and what it must not contain, as a vitest suite. */
export function runDirectorySuite(name: string, { programs, secrets }: RunDirectorySubject): void {
  describe(`run directory: ${name}`, () => {
    let server: OpenAIServer;
    let root: string;
    /** How many requests of programs fail from now on, and how. */
    let failures = 0;
    let failure: ChatReply = '';

    const reply = (request: ChatRequest): ChatReply => {
      const { messages, tools } = request;
      const said = messages.map(contentText).join('\n');
      if (systemOf(request) === '') return `\`\`\`\nBe kind and polite, ${said.length}.\n\`\`\``;
      if (failures-- > 0) return failure;
      const isAnswered = messages.some(({ role }) => role === 'tool');
      return tools !== undefined && !isAnswered
        ? { calls: [{ name: 'lookup', args: { key: 'k' } }] }
        : `${systemOf(request)} Yes.`;
    };
    beforeAll(async () => {
      server = await startOpenAIServer(reply);
    });
    afterAll(() => server.close());
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'gepa-run-directory-'));
      failures = 0;
      failure = { status: 400, error: 'bad request' };
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    /** A metric that always leaves room, and children that are accepted when they are as good. */
    const optionsFor = (runDir: string, maxIterations: number): RunDirectoryOptions => ({
      runDir: join(root, runDir),
      maxIterations,
      acceptanceCriterion: 'improvement_or_equal',
      metric: ({ output }) => ({
        score: Math.min(0.9, JSON.stringify(output).length / 10_000),
        feedback: 'Be more polite.',
      }),
    });
    const filesIn = (runDir: string) =>
      readdirSync(join(root, runDir)).map((file) => {
        const text = readFileSync(join(root, runDir, file), 'utf8');
        return { path: `${runDir}/${file}`, text };
      });

    for (const [program, compile] of Object.entries(programs)) {
      const requestsOf = async (runDir: string, maxIterations: number) => {
        const before = server.requests.length;
        await compile(server, optionsFor(runDir, maxIterations));
        return server.requests.length - before;
      };

      it(`${program} resumes from a run directory without a repeated request, and no secret is written`, async () => {
        const atOnce = await requestsOf('at-once', 3);
        expect(atOnce).toBeGreaterThan(10);
        const resumed = (await requestsOf('twice', 1)) + (await requestsOf('twice', 3));
        expect(resumed).toBe(atOnce);
        expect(await requestsOf('twice', 3)).toBe(0);
        const further = await compile(server, optionsFor('at-once', 4));
        expect(further.result.iterations).toBe(4);

        failures = 1;
        const withFailure = (await requestsOf('failed', 1)) + (await requestsOf('failed', 3));
        expect(withFailure).toBeGreaterThan(10);
        expect(failures).toBeLessThanOrEqual(0);
        expect(await requestsOf('failed', 3)).toBe(0);

        for (const { path, text } of ['at-once', 'twice', 'failed'].flatMap(filesIn)) {
          expect(text.length).toBeGreaterThan(100);
          for (const secret of secrets) expect(text, path).not.toContain(secret);
        }
      });

      it(`an API key that a provider repeats in its refusal is not written for ${program}`, async () => {
        failures = Number.POSITIVE_INFINITY;
        failure = { status: 401, error: `Incorrect API key provided: ${secrets[0]}` };
        const error = await compile(server, { ...optionsFor('refused', 2), concurrency: 1 }).catch(
          (thrown: unknown) => thrown,
        );
        expect(String(error)).toContain('Incorrect API key');
        for (const { path, text } of filesIn('refused')) expect(text, path).not.toContain(secrets[0]);
      });

      it(`the reflection model sees the same prompts whether or not a run of ${program} was resumed`, async () => {
        const promptsOf = async (runDir: string, ends: readonly number[]) => {
          const prompts: string[] = [];
          for (const maxIterations of ends) {
            await compile(server, {
              ...optionsFor(runDir, maxIterations),
              metric: ({ output }) => ({
                score: 0.5,
                feedback: `It said ${JSON.stringify(output).length > 0}.`,
              }),
              reflectionModel: async ({ prompt }) => {
                prompts.push(prompt.replaceAll(ids, 'id'));
                return `\`\`\`\nBe kind ${prompts.length}.\n\`\`\``;
              },
            });
          }
          return prompts;
        };
        const atOnce = await promptsOf('at-once', [4]);
        expect(atOnce.length).toBeGreaterThan(0);
        expect(await promptsOf('twice', [2, 4])).toEqual(atOnce);
      });

      it(`a relative run directory of ${program} is resolved when compile is called`, async () => {
        const before = process.cwd();
        mkdirSync(join(root, 'other'));
        process.chdir(root);
        try {
          const run = compile(server, { ...optionsFor('', 1), runDir: 'here' });
          process.chdir(join(root, 'other'));
          await run;
        } finally {
          process.chdir(before);
        }
        expect(readdirSync(join(root, 'here'))).toContain('journal.jsonl');
      });
    }
  });
}
