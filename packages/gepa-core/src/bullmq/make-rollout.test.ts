import { afterEach, expect, it, vi } from 'vitest';
import type { RunContext } from '../adapter/adapter.ts';
import { Outage } from '../calls/outage.ts';
import { createMask } from '../masking/mask.ts';
import { makeRollout } from './make-rollout.ts';
import { unpackError } from './packed-error.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('a worker gives up a client that retries by itself after two minutes, with the cause', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const busy = Object.assign(new Error('overloaded'), { status: 503 });
  const adapter = {
    components: { prompt: { text: 'a' } },
    async run(_candidate: unknown, _example: unknown, { signal, meter }: RunContext) {
      for (let wait = 1_000; !signal.aborted; wait *= 2) {
        const again = meter!.retrying(busy);
        await new Promise((resolve) => setTimeout(resolve, wait));
        again();
      }
      return { output: 'late' };
    },
  };
  const served = {
    adapter,
    metric: () => 1,
    mask: createMask({}),
    maxResultBytes: 1_000_000,
    outage: new Outage(),
  };
  const request = {
    candidate: { prompt: 'a' },
    example: {},
    context: { runId: 'run', iteration: 1, phase: 'valset' as const, candidateIndex: 0, exampleId: 'v:0' },
    timeoutMs: 300_000,
    scores: 1 as const,
  };
  const startedAt = performance.now();
  const steps = makeRollout(served, request, new AbortController().signal, () => undefined);
  const next = steps.next();
  await vi.advanceTimersByTimeAsync(125_000);
  const { value: part } = await next;
  expect(performance.now() - startedAt).toBeLessThan(126_000);
  expect(part!.isLast).toBe(true);
  expect(unpackError(part!.error!)).toMatchObject({
    message: 'overloaded',
    status: 503,
    failureKind: 'transient',
  });
});
