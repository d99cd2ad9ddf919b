import { expect, it } from 'vitest';
import { Budget } from './budget.ts';
import { PriceBook } from './prices.ts';
import { Reservation } from './reservation.ts';

const request = { inputTokens: 30, outputTokens: 30 };
const isOver = () => false;

/** A rollout under a limit of 100 tokens with one model call in flight and another that waits for room beside it. */
async function twoCalls() {
  const budget = new Budget({ maxTokens: 100, prices: await new PriceBook().load() });
  const reservation = await budget.reserve('rollout');
  if (!(reservation instanceof Reservation)) throw new Error('The rollout was not reserved.');
  const inFlight = await budget.reserveCall(reservation, request, isOver);
  return { reservation, inFlight: inFlight!, waiting: budget.reserveCall(reservation, request, isOver) };
}

it('a model call that waits for another of its rollout is made when that one used little', async () => {
  const { reservation, inFlight, waiting } = await twoCalls();
  reservation.settleCall(inFlight, { metricCalls: 0, tokens: 40, costUsd: 0 });
  expect(await waiting).toMatchObject({ tokens: 60 });
});

it('a model call that waits for another of its rollout is refused when the outcome of that one is unknown', async () => {
  const { reservation, inFlight, waiting } = await twoCalls();
  reservation.settleCall(inFlight, 'unknown');
  await expect(waiting).rejects.toMatchObject({ interruption: { reason: 'maxTokens' } });
});
