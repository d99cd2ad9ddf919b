import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from './models.ts';

afterEach(() => vi.unstubAllEnvs());

describe('connect', () => {
  it('connect starts the simulated models without an API key', async () => {
    vi.stubEnv('OPENAI_API_KEY', '');
    const models = await connect({ latencyMs: [0, 0] });
    expect(models.label).toMatch(/^simulated/);
    const answer = await models.task.invoke('Hello');
    expect(answer.response_metadata.model_name).toBe('simulated-task');
    await models.close();
  });

  it('connect uses real models with an API key, and names them', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'a-key');
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:9/v1');
    vi.stubEnv('GEPA_TASK_MODEL', 'small');
    vi.stubEnv('GEPA_REFLECTION_MODEL', 'large');
    const models = await connect();
    expect(models.label).toBe(
      'real models: small for the task, large for reflection at http://127.0.0.1:9/v1',
    );
    expect([models.task.model, models.reflection.model]).toEqual(['small', 'large']);
    await models.close();
  });
});
