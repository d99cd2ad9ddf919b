import {
  type ChatReply,
  type ChatRequest,
  type OpenAIServer as Server,
  startOpenAIServer as start,
} from 'gepa-test-server';
import { useServer } from 'gepa-test-server/suites';

export { type ChatReply, type ChatRequest, systemOf } from 'gepa-test-server';

export interface OpenAIServer extends Server {
  /** Its model, as Mastra's router takes it. */
  readonly model: ReturnType<typeof modelOf>;
}

export async function startOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): Promise<OpenAIServer> {
  const server = await start(reply);
  return { ...server, model: modelOf(server) };
}

/** A server for the tests of a file or a suite. */
export function useOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): OpenAIServer {
  return useServer(() => startOpenAIServer(reply));
}

export function modelOf({ url }: Pick<Server, 'url'>): {
  readonly id: `${string}/${string}`;
  readonly url: string;
} {
  return { id: 'local/simulated', url };
}
