import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const page = readFileSync(join(import.meta.dirname, '../../docs/framework-package.md'), 'utf8');
const excerpts = [...page.matchAll(/^```ts no-check\n\/\/ ([\w.-]+\.ts)\n(.*?)^```$/gms)].map(
  ([, file, code]) => ({ file: file!, code: code! }),
);

it('the page on framework packages has an excerpt of every file', () => {
  expect([...new Set(excerpts.map(({ file }) => file))]).toEqual(
    expect.arrayContaining(['texts.ts', 'trace.ts', 'adapter.ts', 'gepa.ts', 'load.ts', 'contract.test.ts']),
  );
});

it.each(excerpts)(
  'the excerpt of $file on the page on framework packages is in the file',
  ({ file, code }) => {
    expect(readFileSync(join(import.meta.dirname, file), 'utf8')).toContain(code);
  },
);
