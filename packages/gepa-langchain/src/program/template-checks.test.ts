import { ChatPromptTemplate } from '@langchain/core/prompts';
import { expect, it } from 'vitest';
import { gepa } from '../gepa.ts';
import { contentText, useOpenAIServer } from '../testing/openai-server.ts';

let answers: string[] = [];
const prompts: string[] = [];
const server = useOpenAIServer(({ model, messages }) => {
  if (model !== 'reflection') return contentText(messages[0]);
  prompts.push(contentText(messages.at(-1)));
  return `\`\`\`\`\n${answers.shift()}\n\`\`\`\``;
});

const chain = () =>
  ChatPromptTemplate.fromMessages(
    [
      ['system', 'Name the team. {{#tags}}Tag {{name}}{{/tags}}'],
      ['human', '{{ticket}}'],
    ],
    {
      templateFormat: 'mustache',
    },
  ).pipe(server.model());

const search = {
  trainset: [{ input: { ticket: 'pay', tags: [{ name: 'a' }] } }],
  metric: ({ output }: { output: { text: string } }) => ({
    score: output.text.includes('GOOD') ? 1 : 0,
    feedback: 'Be good.',
  }),
  maxIterations: 1,
} as const;

const good = 'GOOD {#tags}Tag {name}{/tags}';

it.each([
  ['that close before they open', '{/tags}{#tags}{name}'],
  ['that close twice', '{#tags}{name}{/tags} {^tags}none{/tags}'],
  ['that stay open', '{#tags}{name}{/tags} {#tags}'],
])(
  'a new text with sections %s is asked for again, and load refuses it with the same words',
  async (_, bad) => {
    const reason = 'The text cannot be written as a mustache template';
    answers = [`GOOD ${bad}`, good];
    prompts.length = 0;
    const target = gepa(chain(), { rename: { system: 'rules' } });
    const compiled = await target.compile({
      ...search,
      reflectionModel: server.model({ model: 'reflection' }),
    });
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain(reason);
    expect(compiled.result.bestCandidate).toEqual({ rules: good });
    expect(await compiled.program.invoke({ ticket: 'pay', tags: [{ name: 'a' }] } as never)).toMatchObject({
      content: 'GOOD Tag a',
    });
    const saved = compiled.toJSON();
    expect(() => target.load({ ...saved, texts: { rules: bad } })).toThrow(reason);
  },
);

it('a proposer that returns a template that cannot be written spends no metric call on it', async () => {
  const propose = async () => ({ system: 'GOOD {/tags}{#tags}{name}' });
  const { result } = await gepa(chain()).compile({ ...search, propose });
  expect(result.proposals.byReason).toMatchObject({ refused: 1 });
  expect(result.proposals.lastRejected?.message).toContain('"tags"');
});

it.each<[string, (validate: (text: string) => string | undefined) => object]>([
  ['one for all components', (validate) => ({ validate })],
  ['one by name', (validate) => ({ validate: { system: validate } })],
])('the check comes before the validate of the user: %s', async (_, validate) => {
  const seen: string[] = [];
  const options = validate((text) => {
    seen.push(text);
    return text.includes('GOOD') ? 'GOOD is not allowed.' : undefined;
  });
  answers = [good, 'Fine. {#tags}{name}{/tags}'];
  const { result } = await gepa(chain()).compile({
    ...search,
    ...options,
    reflectionModel: server.model({ model: 'reflection' }),
  });
  expect(seen).toContain(good);
  expect(result.bestCandidate).not.toEqual({ system: good });
});

it('a validate that is no function is refused', async () => {
  await expect(
    gepa(chain()).compile({ ...search, validate: 'x' as never, propose: async () => ({}) }),
  ).rejects.toThrow('"validate" must be a function');
});
