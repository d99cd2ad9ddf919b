import { describe, expect, it } from 'vitest';
import { ProviderHealth } from './outage.ts';

const error = new Error('overloaded');
const failTimes = (health: ProviderHealth, times: number) => {
  for (let i = 0; i < times; i++) health.failed();
};

describe('new work', () => {
  it('failures with successes in between do not pause new work', () => {
    const health = new ProviderHealth();
    for (let i = 0; i < 10; i++) {
      failTimes(health, 4);
      health.answered();
    }
    expect(health.pause).toBeUndefined();
  });

  it('consecutive failures pause new work until a call succeeds', async () => {
    const health = new ProviderHealth();
    failTimes(health, 5);
    let hasStarted = false;
    const waiting = health.pause!.then(() => {
      hasStarted = true;
    });
    await new Promise(setImmediate);
    expect(hasStarted).toBe(false);
    health.answered();
    await waiting;
    expect(hasStarted).toBe(true);
    expect(health.pause).toBeUndefined();
  });

  it.each([
    ['an outage ends the run', (health: ProviderHealth) => health.gaveUp('transient', error)],
    ['the run ends', (health: ProviderHealth) => health.end()],
    [
      'a program fails by itself after its models have answered',
      (health: ProviderHealth) => health.gaveUp('program', error),
    ],
  ])('a pause of new work ends when %s', async (_, end) => {
    const health = new ProviderHealth();
    failTimes(health, 6);
    const waiting = health.pause;
    end(health);
    await waiting;
    expect(health.pause).toBeUndefined();
  });
});

describe('outages', () => {
  it('a call that exhausts its retries while no other call succeeds is an outage', () => {
    const health = new ProviderHealth();
    failTimes(health, 5);
    health.gaveUp('transient', error);
    expect(health.loss).toEqual({ error });
  });

  it('a refusal is an outage', () => {
    const health = new ProviderHealth();
    health.gaveUp('refused', error);
    expect(health.loss).toEqual({ error });
  });

  it('a call that exhausts its retries while other calls succeed is no outage', () => {
    const health = new ProviderHealth();
    failTimes(health, 4);
    health.answered();
    failTimes(health, 4);
    health.gaveUp('transient', error);
    expect(health.loss).toBeUndefined();
  });
});
