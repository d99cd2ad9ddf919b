import { expect, it } from 'vitest';
import { SeedError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { tokenRun } from '../testing/fixtures/token-run.ts';

it('a key that a provider repeats in its error is masked in the SeedError', async () => {
  const key = 'sk-SECRETKEY1234567890abcdef';
  const run = tokenRun({
    before: () => {
      throw Object.assign(new Error(`Incorrect API key provided: ${key}.`), { status: 401 });
    },
  });
  const error = await optimize(run.options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SeedError);
  expect((error as SeedError).message).toContain('Incorrect API key provided: [key]');
  expect((error as SeedError).message).not.toContain(key);
});
