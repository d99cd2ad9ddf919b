import { ChatOpenAI } from '@langchain/openai';
import {
  type ChatReply,
  type ChatRequest,
  type OpenAIServer as Server,
  startOpenAIServer as start,
} from 'gepa-test-server';
import { useServer } from 'gepa-test-server/suites';

export { type ChatReply, type ChatRequest, contentText } from 'gepa-test-server';

export interface OpenAIServer extends Server {
  /** A client of this server. It does not retry. */
  model(fields?: ConstructorParameters<typeof ChatOpenAI>[0]): ChatOpenAI;
}

export async function startOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): Promise<OpenAIServer> {
  const server = await start(reply);
  return { ...server, model: (fields) => modelOf(server, fields) };
}

/** A server for the tests of a file or a suite. */
export function useOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): OpenAIServer {
  return useServer(() => startOpenAIServer(reply));
}

export function modelOf(
  { url }: Pick<Server, 'url'>,
  fields?: ConstructorParameters<typeof ChatOpenAI>[0],
): ChatOpenAI {
  return new ChatOpenAI({
    model: 'simulated',
    apiKey: 'unused',
    maxRetries: 0,
    configuration: { baseURL: url },
    ...fields,
  });
}
