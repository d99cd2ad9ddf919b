import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { createAgent, createMiddleware } from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';
import { contentText, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer(({ messages }) => contentText(messages[0]!));
const input = { messages: [{ role: 'user' as const, content: 'Hello.' }] };
const contextSchema = z.object({ tenant: z.string() });

/** Agents have it since 1.3. */
const hasConfig = 'withConfig' in createAgent({ model: new FakeListChatModel({ responses: [] }), tools: [] });

describe.runIf(hasConfig)('an agent with a config of its own', () => {
  const seen: unknown[] = [];
  const agent = () =>
    createAgent({
      model: server.model(),
      tools: [],
      systemPrompt: 'You help.',
      contextSchema,
      middleware: [
        createMiddleware({
          name: 'Tenant',
          contextSchema,
          wrapModelCall: (request, handler) => {
            seen.push(request.runtime.context.tenant);
            return handler(request);
          },
        }),
      ],
    }).withConfig({ context: { tenant: 'acme' } } as never);

  it('keeps the context of withConfig with other texts, and so does a copy of the copy', async () => {
    seen.length = 0;
    const applied = gepa(agent()).apply({ system: 'Be kind.' });
    const again = gepa(applied).apply({ system: 'Be formal.' });
    for (const [program, text] of [
      [applied, 'Be kind.'],
      [again, 'Be formal.'],
    ] as const) {
      const { messages } = await program.invoke(input);
      expect(messages.at(-1)!.text).toBe(text);
    }
    expect(seen).toEqual(['acme', 'acme']);
  });

  it('is optimized, saved and loaded', async () => {
    const compiled = await gepa(agent()).compile({
      trainset: [{ input }],
      metric: ({ output }) => ({
        score: output.messages.at(-1)!.text === 'Be kind.' ? 1 : 0,
        feedback: 'Bad.',
      }),
      reflectionModel: async () => '```\nBe kind.\n```',
      maxIterations: 1,
    });
    expect([compiled.result.seedScore, compiled.result.bestScore]).toEqual([0, 1]);
    const loaded = load(agent(), compiled.toJSON());
    expect((await loaded.invoke(input)).messages.at(-1)!.text).toBe('Be kind.');
  });

  it('keeps streamMode, configurable, tags and callbacks, each once', async () => {
    const starts: (readonly string[])[] = [];
    class Handler extends BaseCallbackHandler {
      readonly name = 'handler';
      override handleChatModelStart(...args: unknown[]) {
        starts.push(args[5] as string[]);
      }
    }
    const configured = createAgent({
      model: server.model(),
      tools: [],
      systemPrompt: 'You help.',
    }).withConfig({
      callbacks: [new Handler()],
      tags: ['mine'],
      streamMode: 'values',
    } as never);
    const modes = async (program: typeof configured) => {
      const chunks: unknown[] = [];
      for await (const chunk of await program.stream(input)) chunks.push(Object.keys(chunk as object));
      return chunks;
    };
    const applied = gepa(configured).apply({ system: 'Be kind.' });
    const before = await modes(configured);
    const ofOriginal = starts.splice(0);
    expect(await modes(applied)).toEqual(before);
    expect(before[0]).toEqual(['messages']);
    expect(starts).toEqual(ofOriginal);
    expect(starts[0]!.filter((tag) => tag === 'mine')).toHaveLength(1);
  });
});
