import { AsyncResource } from 'node:async_hooks';
import { SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { describe, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { contentText, useOpenAIServer } from './testing/openai-server.ts';

const server = useOpenAIServer(({ messages }) => `${contentText(messages[0]!)} And more words.`);

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'You answer.'],
  ['human', '{q}'],
]);
const examples = Array.from({ length: 8 }, (_, i) => ({ input: { q: `q${i}` } }));

/** Runs two candidates at the same time, and counts the rollouts that got the text of the other one. */
async function evaluate(
  call: (q: string) => Promise<string>,
  settings: { readonly concurrency?: number; readonly maxTokens?: number } = {},
) {
  const program = RunnableLambda.from(({ q }: { q: string }) => call(q));
  const target = gepa(program, { parts: { prompt } });
  let wrong = 0;
  const result = await target.evaluate({
    examples,
    candidates: { one: { 'prompt.system': 'One.' }, two: { 'prompt.system': 'Two.' } },
    metric: ({ candidate, output }) => {
      if (!String(output).startsWith(candidate!['prompt.system']!)) wrong++;
      return 1;
    },
    concurrency: 8,
    ...settings,
  });
  target.dispose();
  return { wrong, usage: result.usage, warnings: result.warnings.join('\n') };
}

const ask = async (q: string) => (await prompt.pipe(server.model()).invoke({ q })).text;

/** Runs jobs in turn, as limiters of npm do: the end of a job starts the next one, in the async context of the first. */
function limiter() {
  const waiting: (() => Promise<void>)[] = [];
  let isBusy = false;
  const next = async () => {
    if (isBusy) return;
    isBusy = true;
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job();
    isBusy = false;
  };
  return <Result>(job: () => Promise<Result>) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push(() => job().then(resolve, reject));
      void next();
    });
}

describe('model calls in a queue that rollouts share', () => {
  it('that begin in the context of an ended rollout cause a warning that names the remedies', async () => {
    const limit = limiter();
    const { wrong, warnings } = await evaluate((q) => limit(() => ask(q)));
    expect(wrong).toBeGreaterThan(0);
    expect(warnings).toContain('A model call began in a rollout whose program had returned');
    expect(warnings).toContain('AsyncResource.bind');
  });

  it.each<[string, (limit: ReturnType<typeof limiter>) => (q: string) => Promise<string>, number]>([
    ['AsyncResource.bind', (limit) => (q) => limit(AsyncResource.bind(() => ask(q))), 8],
    ['concurrency: 1', (limit) => (q) => limit(() => ask(q)), 1],
  ])('are right with %s', async (_, call, concurrency) => {
    const { wrong, warnings, usage } = await evaluate(call(limiter()), { concurrency });
    expect([wrong, warnings, usage.modelCalls]).toEqual([0, '', 16]);
  });
});

describe('model calls that the program does not await', () => {
  it('cause a warning, because the usage lacks them', async () => {
    const { warnings, usage } = await evaluate(async (q) => {
      const answer = await ask(q);
      void server
        .model()
        .invoke([new SystemMessage('Save this.')])
        .catch(() => {});
      return answer;
    });
    expect(usage.modelCalls).toBe(16);
    // Whether the call has begun when the program returns depends on LangChain.
    expect(warnings).toMatch(/returned while a model call was in progress|A model call began in a rollout/);
  });

  it('such as a stream that is not read to its end: also under a limit, with advice for this framework', async () => {
    const call = async (q: string) => {
      let text = '';
      for await (const chunk of await prompt.pipe(server.model({ maxTokens: 50 })).stream({ q })) {
        text += chunk.text;
        if (text.length > 3) break;
      }
      return text;
    };
    const aborted = async (q: string) => {
      const stop = new AbortController();
      let text = '';
      try {
        for await (const chunk of await prompt.pipe(server.model()).stream({ q }, { signal: stop.signal })) {
          text += chunk.text;
          if (text.length > 3) stop.abort();
        }
      } catch {
        // Stopped.
      }
      return text;
    };
    for (const each of [call, aborted]) {
      const { warnings, wrong } = await evaluate(each);
      expect(wrong).toBe(0);
      expect(warnings).toContain('read streams to their end');
    }
    const limited = await evaluate(call, { maxTokens: 100_000 });
    expect(limited.warnings).toContain('Abandoned or broken calls');
    expect(limited.warnings).not.toContain('run()');
  });
});
