// @module-tag slow
import { InMemoryChatMessageHistory } from '@langchain/core/chat_history';
import { HumanMessage } from '@langchain/core/messages';
import {
  AIMessagePromptTemplate,
  ChatMessagePromptTemplate,
  ChatPromptTemplate,
  FewShotChatMessagePromptTemplate,
  FewShotPromptTemplate,
  HumanMessagePromptTemplate,
  PipelinePromptTemplate,
  PromptTemplate,
  StructuredPrompt,
  SystemMessagePromptTemplate,
} from '@langchain/core/prompts';
import {
  RouterRunnable,
  type Runnable,
  RunnableBranch,
  RunnableEach,
  RunnableLambda,
  RunnableParallel,
  RunnablePassthrough,
  RunnableSequence,
  RunnableWithMessageHistory,
} from '@langchain/core/runnables';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { discover } from './discover.ts';
import { rewrite } from './rewrite.ts';

type Format = 'f-string' | 'mustache';
type Inner = Runnable<unknown, unknown>;

const fails = RunnableLambda.from((_: unknown): unknown => {
  throw new Error('down');
});
const idle = RunnableLambda.from((_: unknown): unknown => 'idle');

/** Containers that run a runnable with the same input. */
const containers: Readonly<Record<string, (inner: Inner) => Inner>> = {
  sequence: (inner) => RunnableSequence.from([new RunnablePassthrough(), inner, new RunnablePassthrough()]),
  map: (inner) => RunnableParallel.from({ left: inner, right: idle }),
  assign: (inner) => RunnablePassthrough.assign({ added: inner }) as never,
  binding: (inner) => inner.withConfig({ tags: ['x'] }),
  retry: (inner) => inner.withRetry({ stopAfterAttempt: 2 }),
  fallbacks: (inner) => inner.withFallbacks([idle]),
  fallback: (inner) => fails.withFallbacks([inner]),
  branch: (inner) => RunnableBranch.from([[() => true, inner], idle]),
  'default branch': (inner) => RunnableBranch.from([[() => false, idle], inner]),
  router: (inner) =>
    RunnableLambda.from((input: unknown) => ({ key: 'one', input })).pipe(
      new RouterRunnable({ runnables: { one: inner } }) as never,
    ),
  each: (inner) => RunnableLambda.from((input: unknown) => [input]).pipe(new RunnableEach({ bound: inner })),
  history: (inner) =>
    new RunnableWithMessageHistory({
      runnable: RunnableSequence.from([
        new RunnablePassthrough(),
        RunnableParallel.from({ answer: inner, said: () => 'yes' }),
      ]) as never,
      getMessageHistory: () => new InMemoryChatMessageHistory(),
      inputMessagesKey: 'text',
      historyMessagesKey: 'history',
      outputMessagesKey: 'said',
      config: { configurable: { sessionId: 's' } },
    }) as never,
  tool: (inner) => inner.asTool({ name: 'asked', schema: z.object({ text: z.string() }) }) as never,
  graph: (inner) => {
    const State = Annotation.Root({ value: Annotation<unknown> });
    const node = RunnableSequence.from([
      ({ value }: { value: unknown }) => value,
      inner,
      (value: unknown) => ({ value }),
    ]);
    const graph = new StateGraph(State).addNode('node', node).addEdge(START, 'node').addEdge('node', END);
    return RunnableLambda.from((value: unknown) => ({ value })).pipe(graph.compile() as never);
  },
};

const variable = (format: Format, name: string) => (format === 'mustache' ? `{{${name}}}` : `{${name}}`);
const template = (format: Format, text: string) =>
  PromptTemplate.fromTemplate(text.replaceAll('$', variable(format, 'text')), { templateFormat: format });
const inChat = (...messages: unknown[]) => ChatPromptTemplate.fromMessages(messages as never);

/** Every text in them contains OLD; those that can have a variable use `text`. */
const prompts: Readonly<Record<string, (format: Format) => Inner | Promise<Inner>>> = {
  PromptTemplate: (format) => template(format, 'OLD prompt for $.'),
  ChatPromptTemplate: (format) =>
    ChatPromptTemplate.fromMessages(
      [
        ['system', 'OLD system.'],
        ['human', `OLD human ${variable(format, 'text')}.`],
        ['ai', 'OLD answer.'],
      ],
      { templateFormat: format },
    ),
  'message templates': (format) =>
    inChat(
      new SystemMessagePromptTemplate(template(format, 'OLD system $.')),
      new AIMessagePromptTemplate(template(format, 'OLD answer.')),
      new ChatMessagePromptTemplate(template(format, 'OLD note $.') as never, 'critic'),
      new HumanMessage('OLD literal.'),
    ),
  'content parts': (format) =>
    inChat(
      HumanMessagePromptTemplate.fromTemplate(
        [
          { type: 'text', text: `OLD first ${variable(format, 'text')}.` },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'text', text: 'OLD second.', cache_control: { type: 'ephemeral' } },
        ],
        { templateFormat: format } as never,
      ),
    ),
  FewShotPromptTemplate: (format) =>
    new FewShotPromptTemplate({
      examplePrompt: template(format, 'Example $'),
      examples: [{ text: '1' }],
      prefix: `OLD prefix ${variable(format, 'text')}.`,
      suffix: 'OLD suffix.',
      inputVariables: ['text'],
      templateFormat: format,
    }) as never,
  FewShotChatMessagePromptTemplate: (format) =>
    new FewShotChatMessagePromptTemplate({
      examplePrompt: inChat(new HumanMessagePromptTemplate(template(format, 'OLD example $.'))),
      examples: [{ text: '1' }],
      inputVariables: [],
    }) as never,
  PipelinePromptTemplate: (format) =>
    new PipelinePromptTemplate({
      pipelinePrompts: [{ name: 'intro', prompt: template(format, 'OLD intro $.') }],
      finalPrompt: PromptTemplate.fromTemplate(`OLD final ${variable(format, 'intro')}.`, {
        templateFormat: format,
      }),
    }) as never,
  StructuredPrompt: (format) =>
    StructuredPrompt.fromMessagesAndSchema(
      [new SystemMessagePromptTemplate(template(format, 'OLD system $.'))],
      { type: 'object', properties: {} },
    ) as never,
  'partial variables': (format) =>
    template(format, `OLD prompt $ ${variable(format, 'rules')}.`).partial({
      rules: 'OLD rules of five words or so.',
    }) as never,
};

const names = Object.keys(containers);
const cases = Object.keys(prompts).flatMap((prompt) =>
  (['f-string', 'mustache'] as const).flatMap((format) =>
    names.map((_, i) => ({
      prompt,
      format,
      nest: [names[i]!, names[(i + 5) % names.length]!, names[(i * 3 + 1) % names.length]!],
    })),
  ),
);

it.each(cases)(
  'rewrite replaces the texts of $prompt ($format) in $nest',
  async ({ prompt, format, nest }) => {
    const build = async () =>
      nest.reduceRight((inner, name) => containers[name]!(inner), await prompts[prompt]!(format));
    const program = await build();
    const { components } = discover(program);
    expect(Object.keys(components)).toEqual(Object.keys(discover(await build()).components));
    expect(Object.keys(components).length).toBeGreaterThan(0);
    const before = JSON.stringify(program);
    const texts = Object.fromEntries(
      Object.entries(components).map(([name, { text }]) => [name, text.replace('OLD', 'NEW {"a": {}}, {b}')]),
    );
    const changed = rewrite(program, texts);
    const input = { text: 'VALUE' };
    const [old, now] = [await program.invoke(input), await changed.invoke(input)].map((it) =>
      JSON.stringify(it),
    );
    expect(now).not.toContain('OLD');
    expect(now).toContain('NEW {\\"a\\": {}}, {b}');
    expect(old!.replaceAll('OLD', 'NEW {\\"a\\": {}}, {b}')).toBe(now);
    expect(old).toContain('OLD');
    expect(JSON.stringify(program)).toBe(before);
    // LangChain does not serialize few-shot prompts and graphs.
    const serialized = JSON.stringify(changed);
    expect(serialized.includes('NEW')).toBe(before.includes('OLD'));
  },
);

it('the nesting cases include every container at every depth', () => {
  for (const depth of [0, 1, 2]) {
    expect(new Set(cases.map(({ nest }) => nest[depth])).size).toBe(names.length);
  }
});
