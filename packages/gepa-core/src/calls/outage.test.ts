import { describe, expect, it } from 'vitest';
import { Outage } from './outage.ts';

const error = new Error('overloaded');
const failTimes = (health: Outage, times: number) => {
  for (let i = 0; i < times; i++) health.failed();
};

describe('new work', () => {
  it('is not held up by failures that are not in a row', () => {
    const health = new Outage();
    for (let i = 0; i < 10; i++) {
      failTimes(health, 4);
      health.answered();
    }
    expect(health.isSuspected).toBe(false);
  });

  it('waits while one attempt after the other fails, until somebody is answered', async () => {
    const health = new Outage();
    failTimes(health, 5);
    let hasBegun = false;
    const waiting = health.passed().then(() => {
      hasBegun = true;
    });
    await new Promise(setImmediate);
    expect(hasBegun).toBe(false);
    health.answered();
    await waiting;
    expect(hasBegun).toBe(true);
    expect(health.isSuspected).toBe(false);
  });

  it.each([
    ['the models count as gone', (health: Outage) => health.gaveUp('transient', error)],
    ['the run is over', (health: Outage) => health.stopWaiting()],
    ['a program fails by itself: it was answered', (health: Outage) => health.gaveUp('program', error)],
  ])('is not held up for ever: %s', async (_, end) => {
    const health = new Outage();
    failTimes(health, 6);
    const waiting = health.passed();
    end(health);
    await waiting;
    expect(health.isSuspected).toBe(false);
  });
});

describe('the models count as gone', () => {
  it('when an effect gives up while nobody is answered', () => {
    const health = new Outage();
    failTimes(health, 5);
    health.gaveUp('transient', error);
    expect(health.final).toEqual({ error });
  });

  it('when they refuse', () => {
    const health = new Outage();
    health.gaveUp('refused', error);
    expect(health.final).toEqual({ error });
  });

  it('not when one effect gives up while others are answered', () => {
    const health = new Outage();
    failTimes(health, 4);
    health.answered();
    failTimes(health, 4);
    health.gaveUp('transient', error);
    expect(health.final).toBeUndefined();
  });
});
