// @module-tag slow

import { expect, it } from 'vitest';
import { bundleSize, sizeLimits } from './bundle-size.ts';

it.each(sizeLimits)('a bundle of "$code" is smaller than $limit kB', async ({ code, limit }) => {
  const { initial } = await bundleSize(code, 'source');
  expect(initial).toBeGreaterThan(0);
  expect(initial).toBeLessThan(limit);
});

it('optimize loads the price catalogue as a separate chunk, by a dynamic import', async () => {
  const { files, laterFiles, later } = await bundleSize(`export { optimize } from 'gepa-core'`, 'source');
  const isCatalogue = (file: string) => file.includes('@pydantic/genai-prices');
  expect(files.filter(isCatalogue)).toEqual([]);
  expect(laterFiles.filter(isCatalogue)).not.toEqual([]);
  expect(later).toBeGreaterThan(400);
});

it.each([
  `export * from 'gepa-core/load'`,
  `export * from 'gepa-langchain/load'`,
  `export * from 'gepa-mastra/load'`,
])('a bundle of "%s" has no part of the optimizer, of zod or of the price catalogue', async (code) => {
  const { files, later } = await bundleSize(code, 'source');
  expect(files).not.toEqual([]);
  const optimizer =
    /node_modules\/zod|gepa-core\/src\/(optimize|estimate|evaluate|options\/(option-kinds|settings)|run|search|journal|report|calls|reflection)/;
  const heavy = files.flatMap((file) => file.match(optimizer)?.[0] ?? []);
  expect([...new Set(heavy)]).toEqual([]);
  expect(later).toBe(0);
});
