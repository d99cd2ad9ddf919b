import { expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { VERSION } from './version.ts';

it('the version that a run directory names is that of the package', () => {
  expect(VERSION).toBe(manifest.version);
});
