import { describe, expect, it } from 'vitest';
import { families } from '../search/families/index.ts';
import { timedRun } from './timed-run.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('the wall-clock benchmark', () => {
  it('wakes sleepers in the order of simulated time and takes none of the real', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const sleeper = async (name: string, milliseconds: number) => {
      await clock.sleep(milliseconds);
      await clock.sleep(milliseconds);
      log.push(`${name} at ${clock.now}`);
    };
    await clock.run(Promise.all([sleeper('slow', 3_000_000), sleeper('fast', 20)]));
    expect(log).toEqual(['fast at 40', 'slow at 6000000']);
  });

  it('finishes the same search sooner with more proposals at once', async () => {
    const family = { ...families[0]!, budget: 100, valSize: 6, trainSize: 12 };
    const run = (k: number) => timedRun(family, { parallelProposals: k }, 1, 'lognormal', [0, 1_000]);
    const [single, four] = [await run(1), await run(4)];
    expect(four.seconds).toBeLessThan(single.seconds);
    expect(single.scoreAt[1]).toBe(single.score);
    expect(await run(1)).toEqual(single);
  });
});
