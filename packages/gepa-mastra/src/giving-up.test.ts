import { SeedError } from 'gepa-core';
import { givingUpSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { failingAgent } from './testing/failing-agent.ts';

givingUpSuite('Mastra', {
  seedError: SeedError,
  overloaded: { status: 503, body: '{"error":{"message":"overloaded"}}' },
  programs: {
    'an agent': (url, options) =>
      gepa(failingAgent({ url: `${url}/v1` }, 50)).compile({
        trainset: [{ input: 'hello' }],
        metric: () => 1,
        propose: async () => ({}),
        maxMetricCalls: 1,
        ...options,
      }),
  },
  readsRetryAfter: ['an agent'],
});
