/** A loopback model server for the tests of every package. Imports no test runner: scripts can use it too. */

export { chance } from './chance.ts';
export {
  type ChatMessage,
  type ChatReply,
  type ChatRequest,
  type ChatToolCall,
  contentText,
  type OfferedTool,
  systemOf,
} from './chat.ts';
export { type FailureCase, failureCases } from './failure-cases.ts';
export { type OpenAIServer, startOpenAIServer } from './openai-server.ts';
export {
  type FailingServer,
  type Provider,
  type ProviderFailure,
  providerFailures,
  type RawResponse,
  startFailingServer,
} from './provider-failures.ts';
export { watchRequestsInProgress } from './requests-in-progress.ts';
export { type HttpRequest, type LoopbackServer, sendJson, startServer } from './server.ts';
