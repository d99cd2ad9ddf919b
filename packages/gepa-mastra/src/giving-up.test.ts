import { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { SeedError } from 'gepa-core';
import { givingUpSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

givingUpSuite('Mastra', {
  seedError: SeedError,
  overloaded: { status: 503, body: '{"error":{"message":"overloaded"}}' },
  programs: {
    'an agent': (url, options) => {
      const model = modelOf({ url: `${url}/v1` });
      const agent = new Agent({ id: 'agent', name: 'Agent', instructions: 'Answer.', model, maxRetries: 50 });
      agent.__setLogger(noopLogger);
      return gepa(agent).compile({
        trainset: [{ input: 'hello' }],
        metric: () => 1,
        propose: async () => ({}),
        maxMetricCalls: 1,
        ...options,
      });
    },
  },
  readsRetryAfter: ['an agent'],
});
