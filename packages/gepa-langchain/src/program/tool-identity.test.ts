import { ToolMessage } from '@langchain/core/messages';
import { StructuredTool, tool } from '@langchain/core/tools';
import { createAgent, createMiddleware } from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';
import { type ChatRequest, useOpenAIServer } from '../testing/openai-server.ts';

/** Calls the first tool once, then answers with the descriptions of the tools that were offered. */
const server = useOpenAIServer(({ messages, tools }: ChatRequest) => {
  const [first] = tools ?? [];
  if (first !== undefined && messages.at(-1)!.role !== 'tool')
    return { calls: [{ name: first.function.name, args: { item: 'pen' } }] };
  const result = JSON.stringify(messages.findLast(({ role }) => role === 'tool')?.content ?? '');
  return `${result} ${tools?.map(({ function: f }) => JSON.stringify(f)).join(' ') ?? ''}`;
});

class Cart extends StructuredTool {
  readonly name = 'cart';
  description = 'Adds to the cart.';
  schema = z.object({ item: z.string().describe('What to add.') });
  total = 0;
  protected async _call({ item }: { item: string }) {
    this.total += 1;
    return `added ${item}`;
  }
}
const wipe = () =>
  tool(async () => 'wiped', {
    name: 'wipe',
    description: 'Deletes all.',
    schema: z.object({ item: z.string() }),
  });

/** An agent whose middleware recognizes its tools: it hides one, and lets the other run only with approval. */
function shop({ needsApproval = false } = {}) {
  const cart = new Cart();
  const hidden = new Set<unknown>();
  const guarded = new Set<unknown>(needsApproval ? [cart] : []);
  const deletes = wipe();
  hidden.add(deletes);
  const agent = createAgent({
    model: server.model(),
    tools: [cart, deletes],
    systemPrompt: 'You sell.',
    middleware: [
      createMiddleware({
        name: 'Permissions',
        wrapModelCall: (request, handler) =>
          handler({ ...request, tools: request.tools.filter((one) => !hidden.has(one)) }),
        wrapToolCall: (request, handler) =>
          guarded.has(request.tool)
            ? new ToolMessage({ content: 'needs approval', tool_call_id: request.toolCall.id! })
            : handler(request),
      }),
    ],
  });
  return { agent, cart };
}

const input = { messages: [{ role: 'user' as const, content: 'Buy a pen.' }] };
const NEW = { system: 'You sell.', 'tools.cart': 'Puts a thing in.', 'tools.cart.item': 'The thing.' };
const candidate = (target: { readonly components: Readonly<Record<string, { readonly text: string }>> }) => ({
  ...Object.fromEntries(Object.entries(target.components).map(([name, { text }]) => [name, text])),
  ...NEW,
});
const answerOf = async (program: { invoke(input: never): Promise<unknown> }) =>
  ((await program.invoke(input as never)) as { messages: { text: string }[] }).messages.at(-1)!.text;

describe('tools with other descriptions', () => {
  it('are the same objects for the code of the program, in rollouts and in the compiled program', async () => {
    const { agent } = shop({ needsApproval: true });
    const target = gepa(agent, { tools: true });
    const before = await answerOf(agent);
    const outputs: string[] = [];
    const { program } = await target.compile({
      trainset: [{ input }],
      metric: ({ output }) => {
        outputs.push(output.messages.at(-1)!.text);
        return { score: outputs.at(-1)!.includes(NEW['tools.cart']) ? 1 : 0, feedback: 'Say more.' };
      },
      componentSelector: () => ['tools.cart'],
      reflectionModel: async () => `\`\`\`\n${NEW['tools.cart']}\n\`\`\``,
      maxIterations: 1,
    });
    const compiled = await answerOf(program);
    for (const answer of [before, ...outputs, compiled]) {
      expect(answer).toContain('needs approval');
      expect(answer).not.toContain('Deletes all.');
    }
    expect(before).toContain('Adds to the cart.');
    expect(outputs.at(-1)).toContain(NEW['tools.cart']);
    expect(compiled).toContain(NEW['tools.cart']);
    expect(await answerOf(agent)).toBe(before);
    target.dispose();
  });

  it('keep their state, keys and JSON, and have the new texts in the compiled program only', async () => {
    const { agent, cart } = shop();
    const target = gepa(agent, { tools: true });
    const [keys, json] = [Object.keys(cart), JSON.stringify(cart)];
    const program = target.apply(candidate(target) as never);
    for (const answer of [await answerOf(program), await answerOf(program)]) {
      expect(answer).toContain('added pen');
      expect(answer).toContain(NEW['tools.cart']);
      expect(answer).toContain(NEW['tools.cart.item']);
    }
    expect(cart.total).toBe(2);
    expect(await answerOf(agent)).toContain('Adds to the cart.');
    expect([Object.keys(cart), JSON.stringify(cart)]).toEqual([keys, json]);
    target.dispose();
    expect(Object.getOwnPropertyDescriptor(cart, 'description')).toHaveProperty('value', 'Adds to the cart.');
  });

  it('are loaded, and a compiled program is optimized from its own descriptions', async () => {
    const first = shop({ needsApproval: true });
    const target = gepa(first.agent, { tools: true });
    const program = target.apply(candidate(target) as never);
    // Older agents have no config.
    const configured = 'withConfig' in program ? [program.withConfig({ tags: ['mine'] })] : [];
    for (const found of [program, ...configured]) {
      const again = gepa(found, { tools: true });
      expect(again.components['tools.cart']!.text).toBe(NEW['tools.cart']);
      const twice = again.apply({ ...candidate(again), 'tools.cart': 'Puts two things in.' } as never);
      const answer = await answerOf(twice);
      expect(answer).toContain('Puts two things in.');
      expect(answer).toContain('The thing.');
      expect(answer).toContain('needs approval');
      expect(answer).not.toContain('Deletes all.');
    }
    const compiled = await target.compile({
      trainset: [{ input }],
      metric: ({ output }) => ({
        score: output.messages.at(-1)!.text.includes('Better.') ? 1 : 0,
        feedback: 'Bad.',
      }),
      componentSelector: () => ['tools.cart'],
      reflectionModel: async () => '```\nBetter.\n```',
      maxIterations: 1,
    });
    const other = shop({ needsApproval: true });
    const answer = await answerOf(load(other.agent, compiled.toJSON(), { tools: true }));
    expect(answer).toContain('Better.');
    expect(answer).toContain('needs approval');
  });

  it('may be inserted by middleware', async () => {
    const own = wipe();
    const agent = createAgent({
      model: server.model(),
      tools: [own],
      systemPrompt: 'You sell.',
      middleware: [
        createMiddleware({
          name: 'Inserts',
          wrapModelCall: (request, handler) => handler({ ...request, tools: [own] }),
        }),
      ],
    });
    const target = gepa(agent, { tools: true });
    const program = target.apply({ system: 'You sell.', 'tools.wipe': 'Removes all.' } as never);
    expect(await answerOf(program)).toContain('Removes all.');
    target.dispose();
  });

  it('get no hooks if their descriptions are not components', async () => {
    const own = wipe();
    const agent = createAgent({ model: server.model(), tools: [own], systemPrompt: 'You sell.' });
    await gepa(agent).evaluate({ examples: [{ input }], metric: () => 1 });
    expect(Object.getOwnPropertyDescriptor(own, 'description')).toHaveProperty('value', 'Deletes all.');
  });

  it('are copied if they are sealed', async () => {
    const sealed = Object.freeze(wipe());
    const agent = createAgent({ model: server.model(), tools: [sealed], systemPrompt: 'You sell.' });
    const target = gepa(agent, { tools: true });
    const program = target.apply({ system: 'You sell.', 'tools.wipe': 'Removes all.' } as never);
    expect(await answerOf(program)).toContain('Removes all.');
  });
});
