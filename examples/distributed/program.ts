import { gepa } from 'gepa-langchain';
import { createTriageChain } from '../langchain-triage/chain.ts';
import { triageMetric } from '../langchain-triage/metric.ts';
import { connect } from '../shared/models.ts';

/** What the run and its workers share: the program, its metric, and the queue. */
export async function openProgram() {
  const models = await connect();
  return { models, target: gepa(createTriageChain(models.task)), metric: triageMetric };
}

export const queue = {
  connection: { url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' },
  queue: 'gepa-triage',
};
