import { describe, expect, it } from 'vitest';
import { Outage } from './outage.ts';

const error = new Error('overloaded');
const failTimes = (outage: Outage, times: number) => {
  for (let i = 0; i < times; i++) outage.failed();
};

describe('new work', () => {
  it('failures with successes in between do not pause new work', () => {
    const outage = new Outage();
    for (let i = 0; i < 10; i++) {
      failTimes(outage, 4);
      outage.answered();
    }
    expect(outage.isSuspected).toBe(false);
  });

  it('consecutive failures pause new work until a call succeeds', async () => {
    const outage = new Outage();
    failTimes(outage, 5);
    let hasStarted = false;
    const waiting = outage.passed().then(() => {
      hasStarted = true;
    });
    await new Promise(setImmediate);
    expect(hasStarted).toBe(false);
    outage.answered();
    await waiting;
    expect(hasStarted).toBe(true);
    expect(outage.isSuspected).toBe(false);
  });

  it.each([
    ['an outage ends the run', (outage: Outage) => outage.gaveUp('transient', error)],
    ['the run ends', (outage: Outage) => outage.stopWaiting()],
    [
      'a program fails by itself after its models have answered',
      (outage: Outage) => outage.gaveUp('program', error),
    ],
  ])('a pause of new work ends when %s', async (_, end) => {
    const outage = new Outage();
    failTimes(outage, 6);
    const waiting = outage.passed();
    end(outage);
    await waiting;
    expect(outage.isSuspected).toBe(false);
  });
});

describe('outages', () => {
  it('a call that exhausts its retries while no other call succeeds is an outage', () => {
    const outage = new Outage();
    failTimes(outage, 5);
    outage.gaveUp('transient', error);
    expect(outage.final).toEqual({ error });
  });

  it('a refusal is an outage', () => {
    const outage = new Outage();
    outage.gaveUp('refused', error);
    expect(outage.final).toEqual({ error });
  });

  it('a call that exhausts its retries while other calls succeed is no outage', () => {
    const outage = new Outage();
    failTimes(outage, 4);
    outage.answered();
    failTimes(outage, 4);
    outage.gaveUp('transient', error);
    expect(outage.final).toBeUndefined();
  });
});
