import { expect, it } from 'vitest';
import { raceSignal } from './race-signal.ts';

const never = () => new Promise<never>(() => {});

it('gives what the work gives', async () => {
  const { signal } = new AbortController();
  await expect(raceSignal(signal, async () => 1)).resolves.toBe(1);
  await expect(raceSignal(signal, async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

it('ends with the signal, whatever the work does', async () => {
  const controller = new AbortController();
  const racing = raceSignal(controller.signal, never);
  controller.abort(new Error('enough'));
  await expect(racing).rejects.toThrow('enough');
});

it('does not begin after the signal', async () => {
  let begun = false;
  const racing = raceSignal(AbortSignal.abort(new Error('enough')), async () => {
    begun = true;
  });
  await expect(racing).rejects.toThrow('enough');
  expect(begun).toBe(false);
});
