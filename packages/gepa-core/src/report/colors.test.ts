import { afterEach, expect, it, vi } from 'vitest';
import { isTerminal, supportsColor } from './colors.ts';

const terminal = { write: () => true, isTTY: true };

afterEach(() => vi.unstubAllEnvs());

it('supportsColor is true for terminals only', () => {
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'xterm');
  expect(supportsColor(terminal)).toBe(true);
  expect(supportsColor({ ...terminal, isTTY: undefined })).toBe(false);
});

it('supportsColor is false if NO_COLOR is set', () => {
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('NO_COLOR', '1');
  expect(supportsColor(terminal)).toBe(false);
});

it('isTerminal is false for a dumb terminal', () => {
  vi.stubEnv('TERM', 'dumb');
  expect(isTerminal(terminal)).toBe(false);
});

it('supportsColor works in a runtime without a global process', () => {
  vi.stubGlobal('process', undefined);
  const isColored = supportsColor(terminal);
  vi.unstubAllGlobals();
  expect(isColored).toBe(true);
});
