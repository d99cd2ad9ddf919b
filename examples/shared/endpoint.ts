import {
  reflectionModel,
  type SimulatedModelOptions,
  startSimulatedModel,
  taskModel,
} from '../simulated-model/server.ts';

export type Provider = 'openai' | 'simulated';

/** The provider of an example's models: a real one if there is an API key. */
export function provider(): Provider {
  return process.env.OPENAI_API_KEY ? 'openai' : 'simulated';
}

/** The endpoint of an example's two models, which speak the OpenAI protocol. */
export interface Endpoint {
  readonly provider: Provider;
  /** Absent for the provider's default. */
  readonly url?: string;
  readonly apiKey: string;
  /** The name of the model that runs the program. */
  readonly task: string;
  /** The name of the model that rewrites the program's texts. */
  readonly reflection: string;
  /** Describes the models in the output of an example. */
  readonly label: string;
  close(): Promise<void>;
}

/**
 * Opens real models if `OPENAI_API_KEY` is set (`OPENAI_BASE_URL`, `GEPA_TASK_MODEL` and `GEPA_REFLECTION_MODEL` select
 * them), and otherwise starts the simulated models.
 */
export async function openEndpoint(simulation: SimulatedModelOptions = {}): Promise<Endpoint> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, GEPA_TASK_MODEL, GEPA_REFLECTION_MODEL } = process.env;
  if (OPENAI_API_KEY) {
    const task = GEPA_TASK_MODEL || 'gpt-4.1-mini';
    const reflection = GEPA_REFLECTION_MODEL || 'gpt-4.1';
    const where = OPENAI_BASE_URL ? ` at ${OPENAI_BASE_URL}` : '';
    return {
      provider: 'openai',
      url: OPENAI_BASE_URL || undefined,
      apiKey: OPENAI_API_KEY,
      task,
      reflection,
      label: `real models: ${task} for the task, ${reflection} for reflection${where}`,
      close: async () => {},
    };
  }
  const simulated = await startSimulatedModel(simulation);
  return {
    provider: 'simulated',
    url: simulated.url,
    apiKey: 'simulated',
    task: taskModel,
    reflection: reflectionModel,
    label: `simulated models: ${taskModel} and ${reflectionModel} on this machine, no key and no network needed`,
    close: () => simulated.close(),
  };
}
