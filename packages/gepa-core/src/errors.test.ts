import { describe, expect, it, vi } from 'vitest';
import * as ours from './errors.ts';

describe('isInstance', () => {
  it('tells the classes apart, parents included', () => {
    const error: unknown = new ours.MetricError('no score');
    expect(ours.MetricError.isInstance(error)).toBe(true);
    expect(ours.RunError.isInstance(error)).toBe(true);
    expect(ours.GepaError.isInstance(error)).toBe(true);
    expect(ours.SeedError.isInstance(error)).toBe(false);
    expect(ours.OptionsError.isInstance(error)).toBe(false);
  });

  it('narrows to the class it is asked of, whatever its constructor takes', () => {
    const errors: unknown[] = [
      new ours.OptionsError(['no bound']),
      new ours.CandidateMismatchError('x', { missing: ['a'], unknown: [] }),
      new ours.RolloutError('x', { cause: 1, trace: [] }),
    ];
    const told = errors.map((error) => {
      if (ours.OptionsError.isInstance(error)) return error.problems;
      if (ours.CandidateMismatchError.isInstance(error)) return error.missing;
      return ours.RolloutError.isInstance(error) ? error.trace : undefined;
    });
    expect(told).toEqual([['no bound'], ['a'], []]);
  });

  it('knows the errors of a second copy of the package', async () => {
    vi.resetModules();
    const theirs = await import('./errors.ts');
    expect(theirs.RunError).not.toBe(ours.RunError);
    const error = new theirs.ProposerError('down');
    expect(error).not.toBeInstanceOf(ours.GepaError);
    expect(ours.ProposerError.isInstance(error)).toBe(true);
    expect(ours.RunError.isInstance(error)).toBe(true);
  });

  it.each([undefined, null, 3, 'text', {}, new Error('x')])('holds for nothing else: %o', (value) => {
    expect(ours.GepaError.isInstance(value)).toBe(false);
  });
});

it('an error bears the name of its class', () => {
  expect(String(new ours.StrategyError('what?'))).toBe('StrategyError: what?');
  expect(new ours.OptionsError(['a', 'b']).message).toBe('2 problems:\n- a\n- b');
});
