import { expect, it } from 'vitest';
import { packageVersions } from './package-versions.ts';

it('versions of packages are those that a module finds, without the ones that it does not', () => {
  const versions = packageVersions(['zod', 'no-such-package'], import.meta.filename);
  expect(versions).toEqual({ zod: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(packageVersions(['zod'], undefined)).toEqual({});
  expect(packageVersions(['zod'], '/a/bundle/elsewhere.js')).toEqual({});
});
