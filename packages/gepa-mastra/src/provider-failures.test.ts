// @module-tag slow
import { Agent } from '@mastra/core/agent';
import { SeedError } from 'gepa-core';
import { providerFailureSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { failingAgent } from './testing/failing-agent.ts';

providerFailureSuite('Mastra', {
  seedError: SeedError,
  // Older versions of Mastra ignore the agent's `maxRetries`.
  haveClientRetries: !('__getOverridableFields' in Agent.prototype),
  programs: {
    // Mastra's models for any URL speak OpenAI's protocol.
    openai: (url, options) =>
      gepa(failingAgent({ url: `${url}/v1` })).compile({
        trainset: [{ input: 'hello' }],
        propose: async () => ({}),
        ...options,
      }),
  },
});
