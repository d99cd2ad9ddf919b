import { generateText, Output, streamText, ToolLoopAgent, tool } from 'ai';
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test';
import { CandidateMismatchError, NoComponentsError, OptionsError, tunable } from 'gepa-core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { gepa, observed } from './gepa.ts';
import { load } from './load.ts';

const finish = {
  finishReason: { unified: 'stop' as const, raw: 'stop' },
  usage: {
    inputTokens: { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 2, text: 2, reasoning: 0 },
  },
};

/** A simulated model: its answer is made of the system message and the last message. */
const modelWith = (answer: (system: string, last: string) => string) =>
  new MockLanguageModelV4({
    modelId: 'simulated',
    doGenerate: async ({ prompt }) => {
      const system = prompt.find(({ role }) => role === 'system')?.content ?? '';
      const text = answer(String(system), JSON.stringify(prompt.at(-1)!.content));
      return { content: [{ type: 'text', text }], ...finish, warnings: [] };
    },
    doStream: async () => ({
      stream: convertArrayToReadableStream([
        { type: 'text-start', id: '1' },
        { type: 'text-delta', id: '1', delta: 'streamed' },
        { type: 'text-end', id: '1' },
        { type: 'finish', ...finish },
      ]),
    }),
  });
const echo = modelWith((system, last) => `${system} ${last}`);

/** A simulated reflection model. */
const reflection = modelWith(() => '```\nAnswer politely.\n```');

describe('an agent', () => {
  const agent = new ToolLoopAgent({ model: echo, instructions: 'Answer.' });
  const search = {
    trainset: [{ input: 'a' }, { input: 'b' }, { input: 'c' }],
    metric: ({ output }: { output: string }) => (output.includes('politely') ? 1 : 0),
    reflectionModel: reflection,
    maxMetricCalls: 30,
    maxCostUsd: 1,
    reserve: { outputTokens: 100 },
    prices: { simulated: { input: 1, output: 1 } },
  };

  it('compile returns an agent with better instructions, counts every call, and leaves the original as it was', async () => {
    const before = echo.doGenerateCalls.length + reflection.doGenerateCalls.length;
    const { program, result } = await gepa(agent).compile(search);
    expect(result.bestCandidate).toEqual({ instructions: 'Answer politely.' });
    expect(result.bestScore).toBe(1);
    expect(result.usage.modelCalls).toBe(
      echo.doGenerateCalls.length + reflection.doGenerateCalls.length - before,
    );
    expect(program).toBeInstanceOf(ToolLoopAgent);
    expect((await program.generate({ prompt: 'x' })).text).toContain('Answer politely.');
    expect((await agent.generate({ prompt: 'x' })).text).not.toContain('politely');
  });

  it('a saved candidate is applied by the small entry, and refused by an agent with other instructions', async () => {
    const saved = (await gepa(agent).compile(search)).toJSON();
    expect((await load(agent, saved).generate({ prompt: 'x' })).text).toContain('Answer politely.');
    const other = new ToolLoopAgent({ model: echo, instructions: 'Something else.' });
    expect(() => load(other, saved)).toThrow(CandidateMismatchError);
  });

  it('the descriptions of tools are components with the option tools', () => {
    const lookup = tool({ description: 'Looks up.', inputSchema: z.object({}), execute: async () => 1 });
    const withTools = new ToolLoopAgent({ model: echo, instructions: 'Answer.', tools: { lookup } });
    expect(Object.keys(gepa(withTools).components)).toEqual(['instructions']);
    const target = gepa(withTools, { tools: true });
    expect(Object.keys(target.components)).toEqual(['instructions', 'tools.lookup']);
    const applied = target.apply({ instructions: 'Hi.', 'tools.lookup': 'New.' });
    expect(applied.tools.lookup.description).toBe('New.');
    expect(withTools.tools.lookup).toBe(lookup);
  });

  it('instructions in several system messages are a component each, and keep their provider options', () => {
    const providerOptions = { p: { cache: true } };
    const several = new ToolLoopAgent({
      model: echo,
      instructions: [
        { role: 'system', content: 'A.', providerOptions },
        { role: 'system', content: 'B.' },
      ],
    });
    expect(gepa(several).components).toMatchObject({
      'instructions.0': { text: 'A.' },
      'instructions.1': { text: 'B.' },
    });
  });

  it('the metric of an agent with structured output receives the object, by type too', async () => {
    const output = Output.object({ schema: z.object({ label: z.string() }) });
    const structured = new ToolLoopAgent({
      model: modelWith(() => '{"label":"spam"}'),
      instructions: 'Label.',
      output,
    });
    const report = await gepa(structured).evaluate({
      examples: [{ input: 'x' }],
      metric: ({ output }) => {
        expectTypeOf(output).toEqualTypeOf<{ label: string }>();
        return output.label === 'spam' ? 1 : 0;
      },
    });
    expect(report.candidates.seed.mean).toBe(1);
  });

  it('a trace has the tool calls of the agent between its model calls', async () => {
    let calls = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () =>
        calls++ === 0
          ? {
              content: [
                { type: 'tool-call', toolCallId: '1', toolName: 'lookup', input: '{"topic":"tides"}' },
              ],
              ...finish,
              finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
              warnings: [],
            }
          : { content: [{ type: 'text', text: 'Found.' }], ...finish, warnings: [] },
    });
    const lookup = tool({
      description: 'Looks up.',
      inputSchema: z.object({ topic: z.string() }),
      execute: async ({ topic }) => ({ found: topic }),
    });
    const withTool = new ToolLoopAgent({ model, instructions: 'Ask.', tools: { lookup } });
    let steps: unknown;
    await gepa(withTool).evaluate({
      examples: [{ input: 'x' }],
      metric: ({ trace }) => {
        steps = trace;
        return 1;
      },
    });
    expect(steps).toMatchObject([
      {
        kind: 'model',
        components: ['instructions'],
        tools: [{ name: 'lookup' }],
        finishReason: 'tool-calls',
      },
      { kind: 'tool', name: 'lookup', input: { topic: 'tides' }, output: { found: 'tides' } },
      { kind: 'model', components: ['instructions'], finishReason: 'stop' },
    ]);
  });

  it('an agent without instructions, and an option that does not exist, are refused', () => {
    expect(() => gepa(new ToolLoopAgent({ model: echo }))).toThrow(NoComponentsError);
    expect(() => gepa(agent, { tool: true } as object)).toThrow(OptionsError);
  });
});

describe('a function', () => {
  const tone = tunable('tone', 'Answer.');
  const model = observed(echo);
  const flow = async (input: { text: string }) => {
    const { text } = await generateText({ model, instructions: tone.text, prompt: input.text });
    return text.toUpperCase();
  };

  it('apply returns a function that uses the texts, and the original does not', async () => {
    const target = gepa(flow, { tunables: [tone] });
    const applied = target.apply({ tone: 'Sing.' });
    expect(await Promise.all([applied({ text: 'x' }), flow({ text: 'x' })])).toEqual([
      expect.stringContaining('SING.'),
      expect.stringContaining('ANSWER.'),
    ]);
  });

  it('a copy can be optimized again: it begins with its own texts, and a copy of it has the newest', async () => {
    const second = tunable('second', 'Second.');
    const two = async (input: string) =>
      (await generateText({ model, instructions: `${tone.text} ${second.text}`, prompt: input })).text;
    const once = gepa(two, { tunables: [tone, second] }).apply({ tone: 'Sing.', second: 'Twice.' });
    const again = gepa(once, { tunables: [tone, second], include: ['tone'] });
    expect(again.components).toMatchObject({ tone: { text: 'Sing.' } });
    expect(await again.apply({ tone: 'Dance.' })('x')).toContain('Dance. Twice.');
    expect(await once('x')).toContain('Sing. Twice.');

    class Support extends ToolLoopAgent {}
    const agent = new Support({ model: echo, instructions: 'Answer.' });
    const applied = gepa(gepa(agent).apply({ instructions: 'Sing.' })).apply({ instructions: 'Dance.' });
    expect(applied).toBeInstanceOf(Support);
    expect((await applied.generate({ prompt: 'x' })).text).toContain('Dance.');
  });

  it('a stream is a real stream outside of rollouts, and one counted call within', async () => {
    const streaming = async (input: string) =>
      await streamText({ model, instructions: tone.text, prompt: input }).text;
    expect(await streaming('x')).toBe('streamed');
    const report = await gepa(streaming, { tunables: [tone] }).evaluate({
      examples: [{ input: 'x' }],
      metric: ({ output, trace = [] }) => (output.includes('Answer.') && trace.length === 1 ? 1 : 0),
    });
    expect(report.candidates.seed.mean).toBe(1);
    expect(report.usage).toMatchObject({ modelCalls: 1, inputTokens: 5, outputTokens: 2 });
  });
});
