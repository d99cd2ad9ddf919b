import { afterEach, expect, it, vi } from 'vitest';
import { isTerminal, supportsColor } from './colors.ts';

const terminal = { write: () => true, isTTY: true };

afterEach(() => vi.unstubAllEnvs());

it('colors terminals only', () => {
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'xterm');
  expect(supportsColor(terminal)).toBe(true);
  expect(supportsColor({ ...terminal, isTTY: undefined })).toBe(false);
});

it('honors NO_COLOR', () => {
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('NO_COLOR', '1');
  expect(supportsColor(terminal)).toBe(false);
});

it('takes a dumb terminal for none', () => {
  vi.stubEnv('TERM', 'dumb');
  expect(isTerminal(terminal)).toBe(false);
});

it('works where there is no process', () => {
  vi.stubGlobal('process', undefined);
  const seen = supportsColor(terminal);
  vi.unstubAllGlobals();
  expect(seen).toBe(true);
});
