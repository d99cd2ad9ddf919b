import { type Endpoint, openEndpoint } from '../shared/endpoint.ts';
import type { SimulatedModelOptions } from '../simulated-model/server.ts';

/** A model configuration for Mastra's model router. */
export interface RouterModel {
  readonly id: `${string}/${string}`;
  readonly url?: string;
  readonly apiKey: string;
}

/** The two models of an example, for Mastra. */
export interface Models extends Pick<Endpoint, 'label' | 'close'> {
  /** Runs the program. */
  readonly task: RouterModel;
  /** Rewrites the program's texts. */
  readonly reflection: RouterModel;
}

/** Connects to real models if there is an API key, otherwise to the simulated ones: see `openEndpoint`. */
export async function connect(simulation: SimulatedModelOptions = {}): Promise<Models> {
  const { provider, url, apiKey, task, reflection, label, close } = await openEndpoint(simulation);
  const model = (name: string): RouterModel => ({ id: `${provider}/${name}`, apiKey, url });
  return { task: model(task), reflection: model(reflection), label, close };
}
