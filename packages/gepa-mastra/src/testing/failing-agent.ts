import { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { modelOf } from './openai-server.ts';

/** An agent of a server that fails. It does not log the failures, and by default does not try again. */
export function failingAgent(server: { readonly url: string }, maxRetries = 0): Agent {
  const model = modelOf(server);
  const agent = new Agent({ id: 'agent', name: 'Agent', instructions: 'Answer.', model, maxRetries });
  agent.__setLogger(noopLogger);
  return agent;
}
