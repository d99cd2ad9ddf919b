import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatBedrockConverse } from '@langchain/aws';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { ChatMistralAI } from '@langchain/mistralai';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Provider } from 'gepa-test-server';

/** Options of every client. Without `maxRetries` each tries again as often as by default, Amazon's more often. */
interface ClientOptions {
  readonly maxRetries?: number;
  readonly maxConcurrency?: number;
}

/** The client of each provider, for a server at a URL. */
export const clients = {
  openai: (url: string, options: ClientOptions = {}) =>
    new ChatOpenAI({
      model: 'simulated',
      apiKey: 'unused',
      configuration: { baseURL: `${url}/v1` },
      ...options,
    }),
  anthropic: (url: string, options: ClientOptions = {}) =>
    new ChatAnthropic({ model: 'simulated', apiKey: 'unused', anthropicApiUrl: url, ...options }),
  google: (url: string, options: ClientOptions = {}) =>
    new ChatGoogleGenerativeAI({ model: 'simulated', apiKey: 'unused', baseUrl: url, ...options }),
  mistral: (url: string, options: ClientOptions = {}) =>
    new ChatMistralAI({ model: 'simulated', apiKey: 'unused', serverURL: url, ...options }),
  ollama: (url: string, options: ClientOptions = {}) =>
    new ChatOllama({ model: 'simulated', baseUrl: url, ...options }),
  // Over HTTP/1.1, which the loopback server speaks.
  aws: (url: string, options: ClientOptions = {}) =>
    bedrock({ endpoint: url, requestHandler: new NodeHttpHandler() }, options),
} satisfies Record<Provider, (url: string, options?: ClientOptions) => BaseChatModel>;

const credentials = { accessKeyId: 'unused', secretAccessKey: 'unused' };
const region = 'us-east-1';

/** Amazon's client tries again by itself, beside LangChain. */
export function bedrock(
  config: ConstructorParameters<typeof BedrockRuntimeClient>[0],
  options: ClientOptions = {},
): ChatBedrockConverse {
  const maxAttempts = options.maxRetries === undefined ? 30 : options.maxRetries + 1;
  const client = new BedrockRuntimeClient({ region, credentials, maxAttempts, ...config });
  return new ChatBedrockConverse({ model: 'simulated', region, credentials, client, ...options });
}
