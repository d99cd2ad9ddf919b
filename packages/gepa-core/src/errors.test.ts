import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import * as ours from './errors.ts';
import { optimize } from './optimize.ts';
import { tokenRun } from './testing/fixtures/token-run.ts';

it('an error has the result so far, which Node does not print when the error is uncaught', async () => {
  const { options } = tokenRun({
    propose: async () => {
      throw new TypeError('broken');
    },
  });
  const error: unknown = await optimize(options).catch((error: unknown) => error);
  if (!ours.ProposerError.isInstance(error)) throw error;
  expect(error.result).toMatchObject({ bestIndex: 0, stopReason: 'error' });
  // As Node prints an uncaught error.
  const printed = inspect(error, { customInspect: false, depth: 5 });
  expect(printed).toContain('broken');
  expect(printed).not.toContain('bestIndex');
});

describe('isInstance', () => {
  it('isInstance is true for the class of the error and its parent classes only', () => {
    const error: unknown = new ours.MetricError('no score');
    expect(ours.MetricError.isInstance(error)).toBe(true);
    expect(ours.RunError.isInstance(error)).toBe(true);
    expect(ours.GepaError.isInstance(error)).toBe(true);
    expect(ours.SeedError.isInstance(error)).toBe(false);
    expect(ours.OptionsError.isInstance(error)).toBe(false);
  });

  it('isInstance narrows the type to its class, whatever the constructor signature', () => {
    const errors: unknown[] = [
      new ours.OptionsError(['no bound']),
      new ours.CandidateMismatchError('x', { missing: ['a'], unknown: [] }),
      new ours.RolloutError('x', { cause: 1, trace: [] }),
    ];
    const details = errors.map((error) => {
      if (ours.OptionsError.isInstance(error)) return error.problems;
      if (ours.CandidateMismatchError.isInstance(error)) return error.missing;
      return ours.RolloutError.isInstance(error) ? error.trace : undefined;
    });
    expect(details).toEqual([['no bound'], ['a'], []]);
  });

  it('isInstance recognizes errors of a second copy of the package', async () => {
    vi.resetModules();
    const theirs = await import('./errors.ts');
    expect(theirs.RunError).not.toBe(ours.RunError);
    const error = new theirs.ProposerError('down');
    expect(error).not.toBeInstanceOf(ours.GepaError);
    expect(ours.ProposerError.isInstance(error)).toBe(true);
    expect(ours.RunError.isInstance(error)).toBe(true);
  });

  it.each([undefined, null, 3, 'text', {}, new Error('x')])(
    'isInstance is false for a value that is no GepaError: %o',
    (value) => {
      expect(ours.GepaError.isInstance(value)).toBe(false);
    },
  );
});

it('the name of an error is the name of its class, and OptionsError lists several problems', () => {
  expect(String(new ours.StrategyError('what?'))).toBe('StrategyError: what?');
  expect(new ours.OptionsError(['a', 'b']).message).toBe('2 problems:\n- a\n- b');
});

it('the message of an error shows characters that could control a terminal as escapes', () => {
  const error = new ours.CandidateMismatchError('There is no a\u202eb\u001b[2J.', {
    missing: [],
    unknown: [],
  });
  expect(error.message).toBe('There is no a\\u202eb␛[2J.');
  expect(error.stack).not.toContain('\u202e');
});
