// @module-tag slow
import { Agent } from '@mastra/core/agent';
import * as evals from '@mastra/core/evals';
import { createScorer, type TrajectoryStep } from '@mastra/core/evals';
import { Mastra } from '@mastra/core/mastra';
import type { AnyExportedSpan, ScoreEvent, TracingEvent } from '@mastra/core/observability';
import { InMemoryStore } from '@mastra/core/storage';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { BaseExporter, Observability, SamplingStrategyType } from '@mastra/observability';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { fromScorers } from '../scorers/from-scorers.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer(({ messages, tools = [], ...rest }) => {
  const tool = tools[0]?.function.name;
  if (tool !== undefined && !messages.some(({ role }) => role === 'tool')) {
    return { calls: [{ name: tool, args: { prompt: 'sub-question' } }] };
  }
  return systemOf({ messages, ...rest });
});

class Collector extends BaseExporter {
  readonly name = 'collector';
  readonly spans: AnyExportedSpan[] = [];
  readonly scores: ScoreEvent[] = [];
  protected override async _exportTracingEvent(event: TracingEvent): Promise<void> {
    if (event.type === 'span_ended') this.spans.push(event.exportedSpan);
  }
  async onScoreEvent(event: ScoreEvent): Promise<void> {
    this.scores.push(event);
  }
}

const step = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

const setUp = (sampling: ConstructorParameters<typeof Observability>[0] = {}) => {
  const collector = new Collector();
  const expert = new Agent({ id: 'expert', name: 'Expert', instructions: 'Exact', model: server.model });
  const agent = new Agent({
    id: 'desk',
    name: 'Desk',
    instructions: 'Kind',
    model: server.model,
    agents: { expert },
  });
  const workflow = createWorkflow({ id: 'flow', ...step })
    .then(createStep(expert))
    .commit();
  const mastra = new Mastra({
    agents: { agent, expert },
    workflows: { workflow },
    storage: new InMemoryStore(),
    logger: false,
    observability: new Observability({
      configs: { own: { serviceName: 'test', exporters: [collector], ...sampling } },
    }),
  });
  return { agent, workflow, mastra, collector };
};

const search = {
  metric: () => ({ score: 0.5, feedback: 'Half.' }),
  propose: async () => ({}),
  maxIterations: 1,
};

describe("the exporters of the user's observability", () => {
  it('exporters receive every rollout as a trace with its run metadata and its sub-agents', async () => {
    const { agent, collector } = setUp();
    const trainset = [{ id: 'a', input: 'hello' }];
    const { result } = await gepa(agent).compile({ ...search, trainset });
    const roots = collector.spans.filter(({ name }) => name === 'gepa rollout: desk');
    expect(roots).toHaveLength(result.totalMetricCalls);
    expect(roots[0]).toMatchObject({
      tags: ['gepa'],
      input: 'hello',
      metadata: { gepa_run: result.runId, gepa_iteration: 0, gepa_phase: 'seed', gepa_example: 'a' },
    });
    const inside = collector.spans.filter(({ traceId }) => traceId === roots[0]!.traceId);
    expect(
      inside
        .filter(({ type }) => type === 'agent_run')
        .map(({ entityId }) => entityId)
        .sort(),
    ).toEqual(['desk', 'expert']);
    await agent.generate('production');
    expect(collector.spans.filter(({ tags }) => tags?.includes('gepa'))).toHaveLength(roots.length);
  });

  it('exporters receive the scores of rollouts in versions of Mastra that export scores', async ({
    skip,
  }) => {
    const { agent, mastra, collector } = setUp();
    skip(!('addScore' in mastra.observability), 'This version of Mastra exports no scores.');
    await gepa(agent).compile({ ...search, trainset: [{ input: 'hello' }] });
    const root = collector.spans.find(({ name }) => name === 'gepa rollout: desk')!;
    await expect.poll(() => collector.scores).not.toEqual([]);
    expect(collector.scores[0]?.score).toMatchObject({
      scorerId: 'gepa',
      score: 0.5,
      reason: 'Half.',
      traceId: root.traceId,
    });
  });

  it('every trace that a run starts has the tag gepa: rollouts, scorers and reflections', async ({
    skip,
  }) => {
    const { agent, mastra, collector } = setUp();
    const scorer = createScorer({ id: 'half', description: 'h' }).generateScore(() => 0.5);
    skip(!('addScore' in mastra.observability), 'This version of Mastra does not trace scorers.');
    mastra.addScorer(scorer, 'half');
    const reflection = new Agent({ id: 'reflection', name: 'R', instructions: '', model: server.model });
    mastra.addAgent(reflection, 'reflection');
    await gepa(agent).compile({
      trainset: [{ input: 'hello' }],
      metric: fromScorers(scorer),
      reflectionModel: reflection,
      maxIterations: 1,
    });
    const roots = collector.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(new Set(roots.map(({ name }) => name.split(':')[0]))).toEqual(
      new Set(['gepa rollout', 'scorer run', 'agent run']),
    );
    expect(roots.filter(({ tags }) => !tags?.includes('gepa'))).toEqual([]);
    expect(new Set(collector.scores.map(({ score }) => score.scorerId))).toEqual(new Set(['gepa', 'half']));
    await scorer.run({ input: 'x', output: 'y' });
    expect(collector.spans.at(-1)).not.toMatchObject({ tags: ['gepa'] });
  });

  it('trajectory scorers get the tree of spans as in runEvals', async ({ skip }) => {
    skip(!('extractTrajectoryFromTrace' in evals), 'This version of Mastra has no trajectories.');
    const { agent } = setUp();
    const paths: unknown[] = [];
    const path = createScorer({ id: 'path', description: 'p', type: 'trajectory' }).generateScore(
      ({ run }) => {
        const typesOf = (steps: readonly TrajectoryStep[] = []): unknown[] =>
          steps.map(({ stepType, children }) => [stepType, ...typesOf(children)]);
        paths.push(typesOf((run.output as { steps: TrajectoryStep[] }).steps));
        return 1;
      },
    );
    await gepa(agent).compile({
      trainset: [{ input: 'hello' }],
      metric: fromScorers(path),
      propose: async () => ({}),
      maxIterations: 1,
    });
    expect(paths[0]).toMatchObject([
      ['model_generation', ['tool_call', ['agent_run', ['model_generation']]]],
    ]);
  });

  it('exporters receive workflow rollouts with their steps', async () => {
    const { workflow, collector } = setUp();
    await gepa(workflow).compile({ ...search, trainset: [{ input: { prompt: 'hello' } }] });
    const root = collector.spans.find(({ name }) => name === 'gepa rollout: flow')!;
    const types = collector.spans.filter(({ traceId }) => traceId === root.traceId).map(({ type }) => type);
    for (const type of ['workflow_run', 'workflow_step', 'agent_run', 'model_generation']) {
      expect(types).toContain(type);
    }
  });

  it('exporters receive nothing from a rollout that the sampler drops, not even parts of it as separate traces', async () => {
    const sampler = ({ metadata }: { metadata?: Record<string, unknown> } = {}) =>
      metadata?.gepa_run === undefined;
    const { agent, collector } = setUp({ sampling: { type: SamplingStrategyType.CUSTOM, sampler } } as never);
    await gepa(agent).compile({ ...search, trainset: [{ input: 'hello' }] });
    expect(collector.spans).toEqual([]);
    await agent.generate('production');
    expect(collector.spans).not.toEqual([]);
  });

  it('rollouts go to the exporters that configSelector selects for their request context', async () => {
    const [own, gold] = [new Collector(), new Collector()];
    const agent = new Agent({ id: 'desk', name: 'Desk', instructions: 'Kind', model: server.model });
    const observability = new Observability({
      configs: {
        own: { serviceName: 'own', exporters: [own] },
        gold: { serviceName: 'gold', exporters: [gold] },
      },
      configSelector: ({ requestContext }) => (requestContext?.get('tier') === 'gold' ? 'gold' : 'own'),
    });
    new Mastra({ agents: { agent }, storage: new InMemoryStore(), logger: false, observability });
    const trainset = [{ input: 'hello', requestContext: { tier: 'gold' } }];
    await gepa(agent).compile({ ...search, trainset });
    expect(own.spans).toEqual([]);
    expect(gold.spans.map(({ name }) => name)).toContain('gepa rollout: desk');
  });

  it('exporters receive every rollout of an unregistered workflow whose agents are registered', async () => {
    const { agent, collector } = setUp();
    const workflow = createWorkflow({ id: 'loose', ...step })
      .then(createStep(agent))
      .commit();
    await gepa(workflow).compile({ ...search, trainset: [{ input: { prompt: 'hello' } }] });
    const roots = collector.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots.map(({ name }) => name)).toEqual(['gepa rollout: loose']);
  });

  it('a rollout that is never sampled still has a complete trace for the metric', async () => {
    const { agent, collector } = setUp({ sampling: { type: SamplingStrategyType.NEVER } } as never);
    const traces: string[] = [];
    await gepa(agent).compile({
      ...search,
      trainset: [{ input: 'hello' }],
      metric: ({ trace }) => {
        traces.push(JSON.stringify(trace));
        return 0;
      },
    });
    expect(collector.spans).toEqual([]);
    expect(traces[0]).toContain('expert.instructions');
  });
});
