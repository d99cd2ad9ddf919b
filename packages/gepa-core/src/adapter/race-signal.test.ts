import { expect, it } from 'vitest';
import { raceSignal } from './race-signal.ts';

const never = () => new Promise<never>(() => {});

it('raceSignal settles like the work', async () => {
  const { signal } = new AbortController();
  await expect(raceSignal(signal, async () => 1)).resolves.toBe(1);
  await expect(raceSignal(signal, async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

it('raceSignal rejects on abort even if the work never ends', async () => {
  const controller = new AbortController();
  const racing = raceSignal(controller.signal, never);
  controller.abort(new Error('enough'));
  await expect(racing).rejects.toThrow('enough');
});

it('raceSignal does not start the work if the signal is aborted', async () => {
  let hasStarted = false;
  const racing = raceSignal(AbortSignal.abort(new Error('enough')), async () => {
    hasStarted = true;
  });
  await expect(racing).rejects.toThrow('enough');
  expect(hasStarted).toBe(false);
});
