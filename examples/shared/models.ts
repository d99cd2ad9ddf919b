import { ChatOpenAI } from '@langchain/openai';
import type { SimulatedModelOptions } from '../simulated-model/server.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';

/** The two models of an example, for LangChain. */
export interface Models extends Pick<Endpoint, 'label' | 'close'> {
  /** Runs the program. */
  readonly task: ChatOpenAI;
  /** Rewrites the program's texts. */
  readonly reflection: ChatOpenAI;
}

/** Connects to real models if there is an API key, otherwise to the simulated ones: see `openEndpoint`. */
export async function connect(simulation: SimulatedModelOptions = {}): Promise<Models> {
  return modelsOf(await openEndpoint(simulation));
}

/** The models of an endpoint that is open. */
export function modelsOf({ url, apiKey, task, reflection, label, close }: Endpoint): Models {
  const model = (name: string) => new ChatOpenAI({ model: name, apiKey, configuration: { baseURL: url } });
  return { task: model(task), reflection: model(reflection), label, close };
}
