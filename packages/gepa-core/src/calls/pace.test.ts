import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

const workFor = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

it('timers act between long steps, also between those of calls that run at once', async () => {
  const pace = new Pace();
  let turns = 0;
  const seen: number[] = [];
  const longStep = () => {
    seen.push(turns);
    setTimeout(() => turns++);
    workFor(25);
  };
  await Promise.all([pace.step(longStep), pace.step(longStep), pace.step(longStep)]);
  expect(seen).toEqual([0, 1, 2]);
});

it('a step that throws rejects, and the next one runs', async () => {
  const pace = new Pace();
  const failing = pace.step(() => {
    workFor(25);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await pace.step(() => 1)).toBe(1);
});

it('timers act between short steps too, once they add up', async () => {
  const pace = new Pace();
  let turns = 0;
  setTimeout(() => turns++);
  function* work() {
    for (let step = 0; step < 10; step++) {
      workFor(3);
      yield;
    }
    return turns;
  }
  expect(await pace.steps(work())).toBe(1);
});
