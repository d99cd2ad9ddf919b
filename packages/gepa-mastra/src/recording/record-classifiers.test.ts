import { Agent } from '@mastra/core/agent';
import * as evals from '@mastra/core/evals';
import { Mastra } from '@mastra/core/mastra';
import * as processors from '@mastra/core/processors';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { supportAgent } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { fromScorers } from '../scorers/from-scorers.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';

const { Classifier } = await import('@mastra/core/classifier').catch(() => ({ Classifier: undefined }));
const server = useOpenAIServer(() => 'Good.');

let evaluations = 0;
const model = {
  specificationVersion: 'v4',
  provider: 'simulated',
  modelId: 'evaluation',
  supportedQuestionTypes: ['boolean', 'choice'],
  doEvaluate: async ({ questions }: { questions: Record<string, { type: string }> }) => {
    evaluations++;
    const answerTo = ({ type }: { type: string }) =>
      type === 'choice' ? { type, choice: 'kind' } : { type, probability: 0.25 };
    return {
      answers: Object.fromEntries(
        Object.entries(questions).map(([key, question]) => [key, answerTo(question)]),
      ),
      usage: { inputTokens: 40, outputTokens: 5 },
      warnings: [],
    };
  },
} as never;

const classifier = () =>
  new Classifier!({
    id: 'rude',
    model,
    questions: { rude: { type: 'boolean', instructions: 'Is it rude?' } },
  });
const processor = () => new processors.ClassifierProcessor({ classifier: classifier(), onResult: () => {} });
const text = z.object({ prompt: z.string() });
const io = { inputSchema: text, outputSchema: z.any() };
const agentFlow = () =>
  createWorkflow({ id: 'flow', ...io }).then(createStep(supportAgent(server.model)) as never) as never as {
    classifier(classifier: unknown): { commit(): never };
    then(step: unknown): { commit(): never };
  };

/** By place of the classifier: the program, and the metric if it is there. */
const programs: Record<string, () => readonly [program: unknown, metric?: unknown]> = {
  'an input processor': () => [supportAgent(server.model, { inputProcessors: [processor() as never] })],
  'an output processor': () => [supportAgent(server.model, { outputProcessors: [processor() as never] })],
  'a processor that selects a model': () => [
    supportAgent(server.model, {
      inputProcessors: [
        new processors.ModelSelectionProcessor({
          model,
          choices: [
            { name: 'kind', model: server.model as never, criteria: 'Kind ones.' },
            { name: 'other', model: server.model as never, criteria: 'Others.' },
          ],
        }) as never,
      ],
    }),
  ],
  'a workflow, by `.classifier()`': () => [agentFlow().classifier(classifier()).commit()],
  'a workflow, by id': () => {
    const flow = agentFlow().classifier('rude').commit();
    new Mastra({ workflows: { flow }, classifiers: { rude: classifier() } as never, logger: false });
    return [flow];
  },
  'a step of a workflow': () => [
    agentFlow()
      .then(createStep(classifier() as never))
      .commit(),
  ],
  'the function of a step': () => {
    const own = classifier();
    const execute = async ({ inputData }: { inputData: unknown }) =>
      own.evaluate({ state: inputData as never });
    return [
      agentFlow()
        .then(createStep({ id: 'own', inputSchema: z.any(), outputSchema: z.any(), execute }))
        .commit(),
    ];
  },
  'a scorer': () => [
    supportAgent(server.model),
    fromScorers(
      evals.createClassifierScorer({
        id: 'rude',
        classifier: classifier(),
        question: 'rude',
        state: ({ run }: { run: { input?: unknown } }) => JSON.stringify(run.input),
      } as never) as never,
    ),
  ],
};

// Mastra has classifiers since 1.69.
it.runIf(Classifier !== undefined).each(Object.keys(programs))(
  'the model calls of a classifier are counted: %s',
  async (place) => {
    const [program, metric = () => 1] = programs[place]!();
    const isAgent = program instanceof Agent;
    evaluations = 0;
    const calls = server.requests.length;
    const report = await gepa(program as Agent).evaluate({
      examples: [{ input: isAgent ? 'x' : ({ prompt: 'x' } as never) }],
      metric: metric as never,
    });
    expect(evaluations).toBeGreaterThan(0);
    expect(report.usage.modelCalls).toBe(evaluations + server.requests.length - calls);
  },
);

it.runIf(Classifier !== undefined)('the answers of a classifier are a step of the trace', async () => {
  const traced: unknown[] = [];
  await gepa(supportAgent(server.model, { inputProcessors: [processor() as never] })).evaluate({
    examples: [{ input: 'x' }],
    metric: ({ trace }) => {
      for (const { kind, name, output } of walkSteps(trace ?? [])) traced.push([kind, name, output]);
      return 1;
    },
  });
  const answers = { rude: { type: 'boolean', probability: 0.25 } };
  expect(traced).toEqual([
    ['agent', 'support', 'Good.'],
    ['agent', 'classifier', answers],
    ['model', 'simulated/evaluation', JSON.stringify(answers)],
    ['model', 'local/simulated', 'Good.'],
  ]);
});

it.runIf(Classifier !== undefined)('a limit on tokens applies to classifiers', async () => {
  evaluations = 0;
  const { usage } = await gepa(
    supportAgent(server.model, { inputProcessors: [processor() as never] }),
  ).evaluate({
    examples: Array.from({ length: 60 }, (_, index) => ({ input: `x ${index}` })),
    metric: () => 1,
    maxTokens: 3_000,
    reserve: { outputTokens: 20 },
  });
  expect(evaluations).toBeLessThan(60);
  expect(usage.inputTokens + usage.outputTokens).toBeLessThanOrEqual(3_000);
});
