import { ChatOpenAI } from '@langchain/openai';
import {
  type ChatReply,
  type ChatRequest,
  type OpenAIServer as Server,
  startOpenAIServer as start,
} from 'gepa-test-server';

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
