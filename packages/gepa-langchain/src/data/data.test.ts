import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCsv, readJsonl } from 'gepa-core/node';
import { Client } from 'langsmith';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readLangSmithDataset } from './langsmith-dataset.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gepa-data-'));
});
afterAll(() => rm(folder, { recursive: true }));
const file = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

describe('readCsv', () => {
  it('readCsv reads quotes, line breaks and a byte order mark', async () => {
    const path = await file(
      'a.csv',
      '\uFEFFinput,expected,id,team\n"Hello, ""you""\nthere",yes,1,red\nBye,no,2,blue\n',
    );
    expect(await readCsv(path)).toEqual([
      { input: 'Hello, "you"\nthere', expected: 'yes', id: '1', metadata: { team: 'red' } },
      { input: 'Bye', expected: 'no', id: '2', metadata: { team: 'blue' } },
    ]);
  });

  it('readCsv reads the columns that its options name', async () => {
    const path = await file('b.csv', 'question,context,answer\nQ,C,A\n');
    const options = { input: ['question', 'context'], expected: ['answer'] };
    expect(await readCsv(path, options)).toEqual([
      { input: { question: 'Q', context: 'C' }, expected: { answer: 'A' } },
    ]);
    await expect(readCsv(path)).rejects.toThrow(/row 1 of 1 has no input.*question, context, answer/);
  });

  it('readCsv accepts empty cells, unless the whole input is empty', async () => {
    const path = await file('d.csv', 'question,context,expected\nQ,,\n,,A\n');
    await expect(readCsv(path, { input: 'question' })).rejects.toThrow('row 2 of 2 has no input');
    await expect(readCsv(path, { input: ['question', 'context'] })).rejects.toThrow('row 2 of 2 has no');
    const kept = await file('e.csv', 'question,context,expected\nQ,,\n');
    expect(await readCsv(kept, { input: ['question', 'context'] })).toEqual([
      { input: { question: 'Q', context: '' }, expected: '' },
    ]);
  });

  it('readCsv throws on a file that is not CSV', async () => {
    await expect(readCsv(await file('c.csv', 'input,expected\na,"b\n'))).rejects.toThrow('is not a CSV file');
  });
});

describe('readJsonl', () => {
  it('rows that are examples already keep their metadata as it is', async () => {
    const row = { input: 'x', expected: 1, id: 'a', metadata: { customer: 'c' } };
    const path = await file('examples.jsonl', `${JSON.stringify(row)}\n`);
    expect(await readJsonl(path)).toEqual([row]);
  });

  it('metadata of examples with further columns, other options or a number as id is never nested', async () => {
    const rows = [
      { input: 'x', metadata: { customer: 'c' }, team: 'red' },
      { input: 'y', id: 7, metadata: { customer: 'd' } },
      { input: 'z', metadata: null },
    ];
    const path = await file('more.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(await readJsonl(path, { input: 'input' })).toEqual([
      { input: 'x', metadata: { customer: 'c', team: 'red' } },
      { input: 'y', id: '7', metadata: { customer: 'd' } },
      { input: 'z' },
    ]);
    const renamed = await file('q.jsonl', '{"question": "Q", "metadata": {"customer": "c"}}\n');
    expect(await readJsonl(renamed, { input: 'question' })).toEqual([
      { input: 'Q', metadata: { customer: 'c' } },
    ]);
  });

  it('a column `metadata` of a table holds JSON or a value', async () => {
    const path = await file(
      'metadata.csv',
      'input,metadata,team\na,"{""customer"": ""c""}",red\nb,vip,\nc,,\n',
    );
    expect(await readCsv(path)).toEqual([
      { input: 'a', metadata: { customer: 'c', team: 'red' } },
      { input: 'b', metadata: { metadata: 'vip', team: '' } },
      { input: 'c', metadata: { team: '' } },
    ]);
  });

  it('a schema checks, converts and types the examples', async () => {
    const path = await file('typed.csv', 'input,expected\n1,yes\n2,no\n');
    const schema = z.object({ input: z.coerce.number(), expected: z.enum(['yes', 'no']) });
    const examples = await readCsv(path, { schema });
    expect(examples[0]!.input + 1).toBe(2);
    await expect(
      readJsonl(await file('bad.jsonl', '{"input": 1, "expected": "x"}\n'), { schema }),
    ).rejects.toThrow(/row 1 does not fit the schema at expected/);
  });

  it('readJsonl reads one example per line', async () => {
    const path = await file(
      'a.jsonl',
      '{"input": {"q": 1}, "expected": [2]}\n\n{"input": "x", "kind": "k"}\n',
    );
    expect(await readJsonl(path)).toEqual([
      { input: { q: 1 }, expected: [2] },
      { input: 'x', metadata: { kind: 'k' } },
    ]);
  });

  it('readJsonl throws on lines that are not JSON objects or have no input', async () => {
    await expect(readJsonl(await file('b.jsonl', '{"input": 1}\n{'))).rejects.toThrow(
      'line 2 is not valid JSON',
    );
    await expect(readJsonl(await file('c.jsonl', '[1]\n'))).rejects.toThrow('line 1 is not a JSON object');
    await expect(readJsonl(await file('d.jsonl', '{"input": 1}\n{"inputs": 1}\n'))).rejects.toThrow(
      'row 2 of 2 has no input',
    );
  });
});

describe('readLangSmithDataset', () => {
  const requests: URL[] = [];
  const fetchImplementation = async (input: string | URL | Request) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    requests.push(url);
    if (url.pathname.endsWith('/datasets'))
      return Response.json([{ id: crypto.randomUUID(), name: 'tickets' }]);
    if (url.searchParams.get('splits') === 'none' || Number(url.searchParams.get('offset')) > 0)
      return Response.json([]);
    return Response.json([
      { id: 'e1', inputs: { q: 'Q' }, outputs: { a: 'A' }, metadata: { dataset_split: ['train'] } },
      { id: 'e2', inputs: { q: 'R' }, outputs: null, metadata: {} },
    ]);
  };
  const client = new Client({ apiUrl: 'http://langsmith.test', apiKey: 'k', fetchImplementation } as never);

  it('readLangSmithDataset converts the dataset to examples and filters by split', async () => {
    expect(await readLangSmithDataset('tickets', { client, splits: ['train'] })).toEqual([
      { id: 'e1', input: { q: 'Q' }, expected: { a: 'A' }, metadata: { dataset_split: ['train'] } },
      { id: 'e2', input: { q: 'R' } },
    ]);
    expect(requests.some((url) => url.searchParams.getAll('splits').includes('train'))).toBe(true);
  });

  it('readLangSmithDataset throws when there are no examples', async () => {
    await expect(readLangSmithDataset('tickets', { client, splits: ['none'] })).rejects.toThrow(
      'has no examples',
    );
  });
});
