import { ModelCallError } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { ClientTries } from './client-tries.ts';

const busy = Object.assign(new Error('503 Service Unavailable'), { status: 503 });
const request = (host: string, method = 'POST') => ({ host, method, path: '/v1/chat' });

function triesOf(hosts: readonly string[]) {
  const reported: unknown[] = [];
  let retries = 0;
  const meter = {
    begin: () => Promise.reject(new Error('unused')),
    retrying: (error: unknown) => {
      reported.push(error);
      return () => {
        retries++;
      };
    },
  };
  const tries = new ClientTries(meter, () => new Set(hosts));
  const send = (one: ReturnType<typeof request>, error?: unknown) => {
    tries.began(one);
    tries.ended(one, error);
  };
  return { tries, send, reported, retries: () => retries };
}

it('a failed request of a model is reported, and the next one to the same host is its retry', () => {
  const { tries, send, reported, retries } = triesOf(['model']);
  tries.callBegan();
  send(request('model'), busy);
  expect(reported).toHaveLength(1);
  expect(String(reported[0])).toContain('The model at model did not answer: 503');
  expect(retries()).toBe(0);
  tries.began(request('model'));
  expect(retries()).toBe(1);
});

it.each([
  ['outside of model calls', ['model'], 'model', false, false],
  ['of a tool, where the models state their addresses', ['model'], 'tool', true, false],
  ['of tracing, while a request of the model is in progress', [], 'tracing', true, true],
])('a failed request %s is not reported', (_, hosts, host, isOpen, isBusy) => {
  const { tries, send, reported } = triesOf(hosts);
  if (isOpen) tries.callBegan();
  if (isBusy) tries.began(request('model'));
  send(request(host), busy);
  expect(reported).toEqual([]);
});

it('a host of no known model counts as never reached only from its second failure on', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const { tries, send, reported } = triesOf([]);
  tries.callBegan();
  send(request('somewhere'), refused);
  send(request('somewhere'), refused);
  expect(reported[0]).toBeInstanceOf(ModelCallError);
  expect((reported[0] as Error).cause).toBeUndefined();
  expect((reported[1] as Error).cause).toBe(refused);
});

it('a request that is sent again after its response was no answer; one for a result that takes time was', () => {
  const { tries, send, reported } = triesOf(['model']);
  tries.callBegan();
  send(request('model', 'GET'));
  send(request('model', 'GET'));
  expect(reported).toEqual([]);
  send(request('model'));
  send(request('model'));
  expect(String(reported[0])).toContain('was not an answer');
});
