import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nextTurn } from './next-turn.ts';
import { pause } from './pause.ts';

let turn = 0;

beforeEach(async () => {
  // Only work takes time.
  vi.useFakeTimers({ toFake: ['performance'] });
  await nextTurn();
});
afterEach(() => void vi.useRealTimers());

/** Work in pieces; returns the turn of the event loop in which each is done. */
async function work(pieces: number, msPerPiece: number): Promise<number[]> {
  const turns: number[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    await pause();
    setImmediate(() => turn++);
    turns.push(turn);
    vi.advanceTimersByTime(msPerPiece);
  }
  return turns;
}

it('timers act between long pieces of work', async () => {
  expect(new Set(await work(3, 25)).size).toBe(3);
});

it('timers act between the long pieces of works that run at once', async () => {
  const turns = await Promise.all([work(3, 25), work(3, 25), work(3, 25)]);
  expect(new Set(turns.flat()).size).toBe(9);
});

it('timers act between short pieces once they add up', async () => {
  const turns = await Promise.all([work(4, 3), work(4, 3)]);
  // The fifth piece begins after more than 10 ms.
  expect(new Set(turns.flat()).size).toBe(2);
});

it('works that wait for one turn share it', async () => {
  await work(1, 25);
  const turns = await Promise.all(Array.from({ length: 100 }, () => work(1, 0)));
  expect(new Set(turns.flat()).size).toBe(1);
});

it('time in which the event loop waits is not work', async () => {
  await pause();
  await nextTurn();
  vi.advanceTimersByTime(1_000);
  expect(new Set([turn, ...(await work(1, 0))]).size).toBe(1);
});
