import { RunnableLambda } from '@langchain/core/runnables';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { tunable } from 'gepa-core';
import { stepsOf, walkSteps } from 'gepa-core/adapter';
import OpenAI from 'openai';
import { createLLMAsJudge } from 'openevals/llm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromEvaluators } from '../evaluators/from-evaluators.ts';
import { gepa } from '../gepa.ts';
import { contentText, type OpenAIServer, startOpenAIServer } from '../testing/openai-server.ts';
import { runSeed } from '../testing/rollout.ts';
import { metered } from './metered-client.ts';

let server: OpenAIServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startOpenAIServer(({ messages, tools }) => {
    const text = messages.map((message) => contentText(message)).join(' ');
    if (text.includes('fail')) return { status: 400, error: 'no such thing' };
    if (tools !== undefined) {
      return {
        calls: [{ name: 'look', args: { at: 1 } }],
        finishReason: 'stop',
        tokens: { prompt: 6, completion: 4 },
      };
    }
    return JSON.stringify({ reasoning: 'It is wrong.', score: false });
  });
  client = metered(new OpenAI({ baseURL: server.url, apiKey: 'unused', maxRetries: 0 }));
});
afterAll(() => server.close());

const ask = (content: string) => ({ model: 'simulated', messages: [{ role: 'user' as const, content }] });
const run = (program: unknown, options: object) => runSeed(program, { text: 't' }, options);
const style = tunable('style', 'Say it in one word.');
const withStyle = { components: { style: style.component }, tunables: [style] };

describe('metered', () => {
  it('a metered client counts the usage of a judge of openevals', async () => {
    const judge = createLLMAsJudge({
      prompt: 'Is {outputs} right for {inputs}?',
      judge: client as never,
      model: 'openai:simulated',
    });
    const args = {
      example: { input: 'a' },
      output: 'b',
      trace: undefined,
      signal: new AbortController().signal,
    };
    expect(await fromEvaluators(judge)(args)).toMatchObject({
      score: 0,
      usage: { modelCalls: 1, inputTokens: 5, byModel: { simulated: { outputTokens: 3 } } },
    });
  });

  it('a metered client counts the usage of any metric, also of one that throws', async () => {
    const program = RunnableLambda.from(() => style.text);
    const { result } = await gepa(program, { tunables: [style] }).compile({
      trainset: [{ input: 'four' }, { input: 'fail' }],
      metric: async ({ example }) => {
        await client.chat.completions.create(ask('one two three'));
        await client.chat.completions.create(ask(String(example.input)));
        return 0.5;
      },
      reflectionModel: async () => 'no text',
      search: 'reference',
      maxMetricCalls: 2,
    });
    expect(result.seedScore).toBe(0.25);
    expect(result.usage).toMatchObject({ modelCalls: 3, inputTokens: 7 });
  });

  it('calls of a metered client are steps of the trace, with their components', async () => {
    const State = Annotation.Root({ text: Annotation<string> });
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: {} } }];
    const program = new StateGraph(State)
      .addNode('one', async ({ text }) => {
        const messages = [
          { role: 'developer' as const, content: style.text },
          { role: 'user' as const, content: text },
        ];
        await client.chat.completions.create({ model: 'simulated', messages, tools });
        const { output_text } = await client.responses.create({ model: 'simulated', input: text });
        return { text: output_text };
      })
      .addEdge(START, 'one')
      .addEdge('one', END)
      .compile();
    const { output, trace, usage } = await run(program, withStyle);
    expect(output).toEqual({ text: '{"reasoning":"It is wrong.","score":false}' });
    expect(usage).toMatchObject({ modelCalls: 2, inputTokens: 7, outputTokens: 7 });
    expect(stepsOf(trace!, 'style')).toMatchObject([
      {
        kind: 'model',
        input: [
          { role: 'system', content: 'Say it in one word.' },
          { role: 'human', content: 't' },
        ],
        output: { toolCalls: [{ name: 'look', args: { at: 1 } }] },
        finishReason: 'stop',
      },
    ]);
    const node = [...walkSteps(trace!)].find(({ name }) => name === 'one');
    expect(node!.children!.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['model', 'model']));
  });

  it('a metered client passes errors on, and the trace shows them', async () => {
    const program = RunnableLambda.from(() => client.chat.completions.create(ask(`fail ${style.text}`)));
    await expect(run(program, withStyle)).rejects.toMatchObject({
      cause: { status: 400 },
      trace: [{ children: [{ kind: 'model', error: expect.stringContaining('no such thing') }] }],
    });
  });

  it('a metered client otherwise behaves like the client', async () => {
    expect(client).toBeInstanceOf(OpenAI);
    const inside = RunnableLambda.from(async () => {
      const { data, response } = await client.chat.completions.create(ask('hi')).withResponse();
      const raw = await client.chat.completions.create(ask('hi')).asResponse();
      const parsed = await client.chat.completions.parse(ask('hi'));
      const again = await client.withOptions({ timeout: 1000 }).chat.completions.create(ask('hi'));
      return [data, parsed, again, response.status, await raw.json()];
    });
    const { output, usage } = await run(inside, withStyle);
    const answer = { choices: [{ message: { content: expect.stringContaining('wrong') } }] };
    expect(output).toMatchObject([answer, answer, answer, 200, answer]);
    expect(usage!.modelCalls).toBe(2);
    expect(await client.chat.completions.create(ask('hi'))).toMatchObject(answer);
  });
});
