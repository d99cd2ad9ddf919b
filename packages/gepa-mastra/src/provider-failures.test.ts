// @module-tag slow
import { SeedError } from 'gepa-core';
import { providerFailureSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { failingAgent } from './testing/failing-agent.ts';

providerFailureSuite('Mastra', {
  seedError: SeedError,
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
