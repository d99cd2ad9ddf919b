import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FileAccessError, FileFormatError, OptionsError } from '../errors.ts';
import { readCsv, readJsonl } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'gepa-data-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = (text: string) => {
  const path = join(folder, `${files++}.txt`);
  writeFileSync(path, text);
  return path;
};

it.each([
  ['readCsv', readCsv],
  ['readJsonl', readJsonl],
])('%s throws FileAccessError with the full path when there is no file, or a folder', async (_, read) => {
  await expect(read('zz.csv')).rejects.toThrow(FileAccessError);
  await expect(read('zz.csv')).rejects.toThrow(
    `The examples ${join(process.cwd(), 'zz.csv')} cannot be read: it does not exist.`,
  );
  await expect(read(folder)).rejects.toThrow(FileAccessError);
  await expect(read(folder)).rejects.toThrow(`The examples ${folder} cannot be read: it is a directory.`);
  await expect(read(join(file(''), 'x.csv'))).rejects.toThrow('a part of the path is a file');
});

it.skipIf(process.getuid?.() === 0)('a file without read access is a FileAccessError', async () => {
  const path = file('{"input":1}');
  chmodSync(path, 0);
  await expect(readJsonl(path)).rejects.toThrow('access is denied');
});

it.each<[unknown, unknown, string]>([
  ['', {}, 'The path must be a text that is not empty (got "").'],
  [undefined, {}, 'The path must be a text that is not empty (got undefined).'],
  ['a.csv', 'question', 'The options must be an object (got "question").'],
  ['a.csv', { expectd: 'answer' }, 'did you mean "expected"?'],
  ['a.csv', { input: 5 }, 'The option "input" must be the name of a column, or a list of names (got 5).'],
  ['a.csv', { input: [] }, 'The option "input" must be the name of a column'],
  ['a.csv', { id: ['a', 'b'] }, 'The option "id" must be a text that is not empty (got an array).'],
  ['a.csv', { schema: {} }, 'The option "schema" must be a schema of zod'],
])('readCsv and readJsonl refuse the path %j with the options %j', async (path, options, words) => {
  for (const read of [readCsv, readJsonl]) {
    const reading = () => read(path as string, options as never);
    await expect(reading()).rejects.toThrow(OptionsError);
    await expect(reading()).rejects.toThrow(words);
  }
});

it('a column that `expected` or `id` names must exist, so that a typo does not lose the answers', async () => {
  const [csv, jsonl] = [
    file('input,answer,key\na,b,1\n'),
    file('{"input":"a"}\n{"input":"b","answer":"c"}\n'),
  ];
  await expect(readCsv(csv, { expected: 'answr' })).rejects.toThrow(
    `${csv}: \`expected\` names the column "answr", but there is none. The columns are input, answer, key.`,
  );
  await expect(readCsv(csv, { expected: ['answer', 'reason'], id: 'nr' })).rejects.toThrow('2 problems');
  expect(await readJsonl(jsonl, { expected: 'answer' })).toEqual([
    { input: 'a' },
    { input: 'b', expected: 'c' },
  ]);
});

it.each([
  ['semicolons', 'input;expected;note\n"a;b, c";yes;"x ""y"""\nd;no;\n'],
  ['tabs', 'input\texpected\tnote\n"a;b, c"\tyes\t"x ""y"""\nd\tno\t\n'],
  ['commas', 'input,expected,note\n"a;b, c",yes,"x ""y"""\nd,no,\n'],
  ['semicolons after quoted names', '"input";"expected";"note"\r\n"a;b, c";"yes";"x ""y"""\r\nd;no;\r\n'],
])('readCsv reads a table with %s between the columns', async (_, text) => {
  for (const mark of ['', '\uFEFF']) {
    expect(await readCsv(file(mark + text))).toEqual([
      { input: 'a;b, c', expected: 'yes', metadata: { note: 'x "y"' } },
      { input: 'd', expected: 'no', metadata: { note: '' } },
    ]);
  }
});

it('a comma in the header decides, other separators in names or quotes do not', async () => {
  expect(await readCsv(file('input,a;b\nx,y\n'))).toEqual([{ input: 'x', metadata: { 'a;b': 'y' } }]);
  expect(await readCsv(file('"input, long";expected\nx;y\n'), { input: 'input, long' })).toEqual([
    { input: 'x', expected: 'y' },
  ]);
});

it('a table that cannot be read is refused with the separator that was used', async () => {
  const path = file('input,expected\n"a";"b"\n');
  await expect(readCsv(path)).rejects.toThrow(FileFormatError);
  await expect(readCsv(path)).rejects.toThrow('(read with "," between the columns)');
});

it('readCsv refuses two columns of one name, of which one would be lost', async () => {
  const path = file('input,note,note\na,b,c\n');
  await expect(readCsv(path)).rejects.toThrow(FileFormatError);
  await expect(readCsv(path)).rejects.toThrow('the header row has two columns "note"');
});

it('an empty id in a table counts as no id', async () => {
  expect(await readCsv(file('input,id\na,7\nb,\n'))).toEqual([{ input: 'a', id: '7' }, { input: 'b' }]);
});
