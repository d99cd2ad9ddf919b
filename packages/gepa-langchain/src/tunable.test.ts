import { SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate, PromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { describe, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { useOpenAIServer } from './testing/openai-server.ts';
import { tunable } from './tunable.ts';

const server = useOpenAIServer(({ messages }) => JSON.stringify(messages[0]?.content));

const settings = {
  metric: () => 0.5,
  reflectionModel: async () => '```\nNew text.\n```',
  maxIterations: 1,
};

describe('tunable', () => {
  it('a template is of the same class and renders with the candidate’s texts, in which braces are escaped', async () => {
    const chat = ChatPromptTemplate.fromMessages([
      ['system', 'Old {topic}'],
      ['human', '{question}'],
    ]);
    const answer = tunable('answer', chat);
    const style = tunable('style', PromptTemplate.fromTemplate('Style of {topic}'));
    expect(answer).toBeInstanceOf(ChatPromptTemplate);
    expect(style).toBeInstanceOf(PromptTemplate);
    const program = RunnableLambda.from(async (topic: string) => {
      const messages = await answer.formatMessages({ topic, question: 'Q' });
      return [messages[0]!.text, await style.format({ topic })];
    });
    const target = gepa(program, { tunables: [answer, style] });
    expect(Object.keys(target.components)).toEqual(['answer.system', 'style']);
    expect(target.components['answer.system']!.variables).toEqual(['topic']);
    const better = target.apply({ 'answer.system': 'Return {"a": 1} on {topic}', style: '{ {topic} }' });
    expect(await better.invoke('cats')).toEqual(['Return {"a": 1} on cats', '{ cats }']);
    expect(await program.invoke('cats')).toEqual(['Old cats', 'Style of cats']);
    expect((await chat.formatMessages({ topic: 'x', question: '' }))[0]!.text).toBe('Old x');
  });

  it('a tunable that config reads has the candidate’s text', async () => {
    const role = tunable('role', 'Old role.');
    const program = RunnableLambda.from((_: string, config) => String(config.configurable.role));
    const outputs: string[] = [];
    const { result } = await gepa(program, {
      tunables: [role],
      config: () => ({ configurable: { role: role.text } }),
    }).compile({
      ...settings,
      trainset: [{ input: 'x' }],
      metric: ({ output }) => {
        outputs.push(output);
        return 0.5;
      },
    });
    expect(outputs).toEqual(['Old role.', 'New text.']);
    expect(result.warnings.join()).not.toContain('read role');
  });

  it('a tunable that no rollout reads ends the run before a reflection, when it is the only component', async () => {
    const unused = tunable('unused', 'Not read by any function.');
    let reflections = 0;
    const run = gepa(
      RunnableLambda.from((x: string) => x),
      { tunables: [unused] },
    ).compile({
      ...settings,
      trainset: [{ input: 'x' }],
      reflectionModel: async () => {
        reflections++;
        return '```\nx\n```';
      },
    });
    await expect(run).rejects.toThrow('No rollout of the seed candidate read unused');
    expect(reflections).toBe(0);
  });

  it('a text that looks like a template without variables is pointed out, and variables can be declared', async () => {
    const greeting = tunable('greeting', 'Greet {name} warmly.');
    const program = RunnableLambda.from((name: string) => greeting.text.replace('{name}', name));
    const run = (options: object) =>
      gepa(program, { tunables: [greeting], ...options }).compile({
        ...settings,
        trainset: [{ input: 'x' }],
      });
    expect((await run({})).result.warnings.join()).toContain(
      'The text of greeting has {name}, but no variables',
    );
    const declared = await run({ variables: { greeting: ['name'] } });
    expect(declared.result.warnings.join()).not.toContain('but no variables');
    expect(declared.result.bestCandidate.greeting).toContain('{name}');
    expect(() => gepa(program, { tunables: [greeting], variables: { greeting: ['nam'] } })).toThrow(
      'the text of "greeting" has no {nam}',
    );
  });

  it('a call is credited to the text that was sent whole, not to one that it begins with', async () => {
    const [short, long] = ['You are helpful.', 'You are helpful. You look up songs.'];
    const program = RunnableLambda.from(async (question: string) => {
      await server.model().invoke([new SystemMessage(short), ['human', question]]);
      await server.model().invoke([new SystemMessage(long), ['human', question]]);
      await server.model().invoke([new SystemMessage(`${short} You look up films.`), ['human', question]]);
    });
    const credited: (readonly string[] | undefined)[] = [];
    await gepa(program, { tunables: [], parts: { short, long } }).compile({
      ...settings,
      trainset: [{ input: 'x' }],
      metric: ({ trace }) => {
        credited.push(...trace![0]!.children!.map(({ components }) => components));
        return 1;
      },
    });
    expect(credited).toEqual([['short'], ['long'], undefined]);
  });
});
