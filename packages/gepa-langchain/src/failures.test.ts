import { failureKind } from 'gepa-core';
import { clientErrorSuite } from 'gepa-test-server/suites';
import { modelOf } from './testing/openai-server.ts';

clientErrorSuite('a LangChain model', {
  failureKind,
  call: (server) => modelOf(server).invoke('hello'),
});
clientErrorSuite('a LangChain model with a timeout', {
  failureKind,
  call: (server) => modelOf(server, { timeout: 20 }).invoke('hello'),
  cases: [{ name: 'no answer', reply: { connection: 'hangs' }, kind: 'transient' }],
});
