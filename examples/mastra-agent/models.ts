import {
  reflectionModel,
  type SimulatedModelOptions,
  startSimulatedModel,
  taskModel,
} from '../simulated-model/server.ts';

/** A model as Mastra's router takes it. */
export interface RouterModel {
  readonly id: `${string}/${string}`;
  readonly url?: string;
  readonly apiKey?: string;
}

/** The two models an example works with. */
export interface Models {
  /** Runs the program. */
  readonly task: RouterModel;
  /** Rewrites the program's texts. */
  readonly reflection: RouterModel;
  /** Which models these are, for people. */
  readonly label: string;
  close(): Promise<void>;
}

/**
 * Connects to real models when `OPENAI_API_KEY` is set (`OPENAI_BASE_URL`, `GEPA_TASK_MODEL` and
 * `GEPA_REFLECTION_MODEL` choose which), and otherwise to the simulated model, started for the purpose.
 */
export async function connect(simulation: SimulatedModelOptions = {}): Promise<Models> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, GEPA_TASK_MODEL, GEPA_REFLECTION_MODEL } = process.env;
  if (OPENAI_API_KEY) {
    const model = (name: string): RouterModel => ({
      id: `openai/${name}`,
      apiKey: OPENAI_API_KEY,
      ...(OPENAI_BASE_URL ? { url: OPENAI_BASE_URL } : {}),
    });
    const task = GEPA_TASK_MODEL || 'gpt-4.1-mini';
    const reflection = GEPA_REFLECTION_MODEL || 'gpt-4.1';
    const where = OPENAI_BASE_URL ? ` at ${OPENAI_BASE_URL}` : '';
    const label = `real models: ${task} for the task, ${reflection} for reflection${where}`;
    return { task: model(task), reflection: model(reflection), label, close: async () => {} };
  }
  const simulated = await startSimulatedModel(simulation);
  const model = (name: string): RouterModel => ({ id: `simulated/${name}`, url: simulated.url });
  return {
    task: model(taskModel),
    reflection: model(reflectionModel),
    label: `simulated models: ${taskModel} and ${reflectionModel} on this machine, no key and no network needed`,
    close: () => simulated.close(),
  };
}
