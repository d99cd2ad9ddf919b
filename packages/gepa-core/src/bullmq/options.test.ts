import { expect, it } from 'vitest';
import { OptionsError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { bullmq } from './bullmq.ts';
import { serveRollouts } from './serve-rollouts.ts';

const address = { connection: { host: '127.0.0.1', port: 1 }, queue: 'tickets' };
const adapter = { components: { prompt: { text: 'Answer.' } }, run: async () => ({ output: '' }) };

it.each<[unknown, string]>([
  [undefined, 'The options must be an object (got undefined).'],
  [{ queue: 'tickets' }, 'The option "connection" must be what BullMQ takes'],
  [{ ...address, queue: 'a:b' }, 'The option "queue" must be a name without ":" (got "a:b").'],
  [{ connection: address.connection }, 'The option "queue" must be a name without ":" (it is missing).'],
  [{ ...address, version: 1 }, 'The option "version" must be a text that is not empty (got 1).'],
])('bullmq and serveRollouts refuse the options %j', async (options, words) => {
  expect(() => bullmq(options as never)).toThrow(OptionsError);
  expect(() => bullmq(options as never)).toThrow(words);
  await expect(serveRollouts(adapter, options as never)).rejects.toThrow(words);
});

it.each<[object, string]>([
  [{ metricIn: 'workers' }, `The option "metricIn" must be 'worker' or 'optimizer' (got "workers").`],
  [{ metricin: 'optimizer' }, 'did you mean "metricIn"?'],
  [{ maxLostWorkers: 0 }, 'The option "maxLostWorkers" must be a whole number of 1 or more (got 0).'],
  [
    { waitForWorkersMs: Number.NaN },
    'The option "waitForWorkersMs" must be a number of 1 or more (got NaN).',
  ],
])('bullmq refuses %j', (option, words) => {
  expect(() => bullmq({ ...address, ...option } as never)).toThrow(words);
});

it.each<[object, string]>([
  [{ redct: String }, 'did you mean "redact"?'],
  [{ redact: /\d+/ }, 'The option "redact" must be a function (got an object).'],
  [{ metric: 'exact' }, 'The option "metric" must be a function (got "exact").'],
  [{ lockDurationMs: 5 }, 'The option "lockDurationMs" must be a number of 100 or more (got 5).'],
])('serveRollouts refuses %j', async (option, words) => {
  await expect(serveRollouts(adapter, { ...address, ...option } as never)).rejects.toThrow(words);
});

it.each<[object, string]>([
  [{ maxRetriesPerRequest: 20 }, 'needs the option `maxRetriesPerRequest: null`'],
  [{ maxRetriesPerRequest: null, keyPrefix: 'x:' }, 'has a `keyPrefix`'],
])('a client with the options %j is refused before it is used', async (options, words) => {
  const connection = { options, duplicate: () => expect.unreachable() } as never;
  await expect(serveRollouts(adapter, { ...address, connection })).rejects.toThrow(words);
  const running = optimize({
    adapter,
    rollouts: bullmq({ ...address, connection }),
    trainset: [{ id: '1' }],
    metric: () => 1,
    propose: async () => ({}),
    maxMetricCalls: 10,
  });
  await expect(running).rejects.toThrow(words);
});
