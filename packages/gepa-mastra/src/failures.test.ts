import { failureKind } from 'gepa-core';
import { clientErrorSuite } from 'gepa-test-server/suites';
import { failingAgent } from './testing/failing-agent.ts';

clientErrorSuite('a Mastra agent', {
  failureKind,
  call: (server) => failingAgent(server).generate('hello'),
});
