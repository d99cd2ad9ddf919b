// @module-tag slow
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type ChatReply, type ChatRequest, contentText, startOpenAIServer } from 'gepa-test-server';
import { afterAll, describe, expect, it } from 'vitest';
import { writeDown } from '../examples/simulated-model/mishaps.ts';
import { generalAdvice, rewrite } from '../examples/simulated-model/reflection-behaviour.ts';

const examplesFolder = join(import.meta.dirname, '../examples');
const page = readFileSync(join(import.meta.dirname, 'recipes.md'), 'utf8');

/** The programs of the page, in order; the name is that of the file that each saves. */
const recipes = [...page.matchAll(/^```ts(?: \[(\w+)\])?\n(.*?)^```$/gms)].map(([, tab, code]) => ({
  name: [/save\('([\w-]+)\.gepa\.json'/.exec(code!)?.[1], tab].filter(Boolean).join(' of '),
  code: code!,
}));

/** Lines for the examples of a recipe, and what its simulated model answers. `isTaught`: its prompt was rewritten. */
interface Simulation {
  readonly example: (i: number) => object;
  readonly reply: (request: ChatRequest, isTaught: boolean) => ChatReply;
}

const last = ({ messages }: ChatRequest) => contentText(messages.at(-1));
const all = ({ messages }: ChatRequest) => messages.map(contentText).join('\n');
const question = (text: string, expected: unknown) => ({ input: { question: text }, expected });

const order: Simulation['reply'] = (request, isTaught) => {
  if (last(request).includes('shipped')) return 'It is shipped.';
  if (!isTaught) return 'I cannot know.';
  return { calls: [{ name: request.tools![0]!.function.name, args: { id: 'A1' } }] };
};

const simulations: Readonly<Record<string, Simulation>> = {
  invoices: {
    example: (i) => ({
      input: { text: `Invoice ${i}` },
      expected: { number: `${i}`, total: i, due: '2026-01-01' },
    }),
    reply: (request, isTaught) => {
      const number = /Invoice (\d+)/.exec(last(request))![1]!;
      return JSON.stringify({ number, total: Number(number), due: isTaught ? '2026-01-01' : '1 January' });
    },
  },
  answers: {
    example: (i) => question(`Question ${i}?`, `Answer ${i}.`),
    reply: (request, isTaught) => {
      if (request.model !== 'gpt-4.1') return isTaught ? 'Complete.' : 'Short.';
      const complete = last(request).includes('Complete.');
      return JSON.stringify({ reason: 'The date is missing.', correct: true, complete, polite: true });
    },
  },
  judge: {
    example: (i) => ({
      input: { question: `Question ${i}?`, answer: 'A guess.' },
      expected: { good: false, remark: 'It guesses.' },
    }),
    reply: (_, isTaught) => JSON.stringify({ reason: 'It sounds right.', good: !isTaught }),
  },
  retrieval: {
    example: (i) =>
      question(`How long does refund ${i} take?`, { answer: 'five days', page: 'Refunds take five days.' }),
    reply: (request, isTaught) =>
      all(request).includes('Refunds take five days.') ? 'In five days.' : isTaught ? 'refunds' : 'plan keys',
  },
  'orders of LangChain': {
    example: (i) => ({
      input: { messages: [{ role: 'user', content: `${i}: where is A1?` }] },
      expected: { order: 'A1', status: 'shipped' },
    }),
    reply: order,
  },
  'orders of Mastra': {
    example: (i) => ({ input: `${i}: where is A1?`, expected: { order: 'A1', status: 'shipped' } }),
    reply: order,
  },
  sql: {
    example: (i) => question(`${i}: how many orders are paid?`, [{ paid: 2 }]),
    reply: (_, isTaught) =>
      isTaught ? "SELECT count(*) AS paid FROM orders WHERE status = 'paid'" : '```sql\nSELECT 1\n```',
  },
  notes: {
    example: (i) => ({ input: { change: `core/queue: change ${i}` } }),
    reply: (_, isTaught) => (isTaught ? 'Fixed the queue.' : 'We fixed core/queue.'),
  },
  facts: {
    example: (i) => question(`${i}: the capital of France?`, 'Paris'),
    reply: (_, isTaught) =>
      isTaught ? 'Paris.' : `It is Paris, ${'which is well known, '.repeat(5)}of course.`,
  },
};

describe('the programs of the page run and save better texts, on simulated models', () => {
  const folder = mkdtempSync(join(examplesFolder, '.recipes-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('every program has a simulation', () => {
    expect(recipes.map(({ name }) => name).sort()).toEqual(Object.keys(simulations).sort());
  });

  it.for(recipes)('$name', async ({ name, code }) => {
    const { example, reply } = simulations[name]!;
    const server = await startOpenAIServer((request) => {
      const prompt = all(request);
      return prompt.includes('\n# The text')
        ? writeDown(
            rewrite(prompt, () => false),
            () => false,
          ).content
        : reply(request, JSON.stringify(request).includes(generalAdvice));
    });
    const file = join(folder, name.replaceAll(' ', '-'), 'main.ts');
    mkdirSync(dirname(file));
    const data = /readJsonl\('([\w-]+\.jsonl)'/.exec(code)![1]!;
    writeFileSync(
      join(dirname(file), data),
      Array.from({ length: 30 }, (_, i) => JSON.stringify(example(i + 1))).join('\n'),
    );
    // Mastra reads the address of a model from its configuration alone.
    const withUrl = code.replaceAll(/'openai\/([\w.-]+)'/g, `{ id: 'openai/$1', url: '${server.url}' }`);
    writeFileSync(file, withUrl);
    const env = { ...process.env, OPENAI_API_KEY: 'simulated', OPENAI_BASE_URL: server.url };
    await promisify(execFile)(process.execPath, ['--conditions=gepa-source', file], {
      cwd: dirname(file),
      env,
    });
    await server.close();
    const saved = join(dirname(file), `${name.split(' ')[0]}.gepa.json`);
    expect(existsSync(saved)).toBe(true);
    expect(readFileSync(saved, 'utf8')).toContain(generalAdvice);
  });
});
