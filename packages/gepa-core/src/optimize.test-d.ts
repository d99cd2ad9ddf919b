import { describe, expectTypeOf, it } from 'vitest';
import type { Adapter } from './adapter/adapter.ts';
import type { Step } from './adapter/trace.ts';
import { estimate, type RunEstimate } from './estimate/estimate.ts';
import type { Metric } from './metric.ts';
import { optimize } from './optimize.ts';
import type { OptimizationResult } from './result.ts';

const common = { propose: async () => ({}), maxIterations: 1 } as const;
const trainset = [{ question: 'q', answer: 42 }];
const seedCandidate = { extract: 'Extract.', route: { text: 'Route.', kind: 'prompt' } } as const;

describe('seedCandidate and run', () => {
  it('optimize infers the component names from seedCandidate', async () => {
    const result = await optimize({
      ...common,
      seedCandidate,
      trainset,
      run: (candidate, example) => {
        expectTypeOf(candidate).toEqualTypeOf<Readonly<Record<'extract' | 'route', string>>>();
        expectTypeOf(example).toEqualTypeOf<{ question: string; answer: number }>();
        return { output: candidate.extract };
      },
      metric: () => 1,
    });
    expectTypeOf(result).toEqualTypeOf<OptimizationResult<'extract' | 'route'>>();
    expectTypeOf(result.bestCandidate).toEqualTypeOf<Readonly<Record<'extract' | 'route', string>>>();
    // @ts-expect-error: there is no such component
    result.bestCandidate.rout;
  });

  it('optimize types the arguments of the metric by the trainset and run', () => {
    optimize({
      ...common,
      seedCandidate,
      trainset,
      run: async (_, { question }) => ({ output: { label: question.length }, trace: ['looked up'] }),
      metric: ({ example, output, trace }) => {
        expectTypeOf(example).toEqualTypeOf<{ question: string; answer: number }>();
        expectTypeOf(output).toEqualTypeOf<{ label: number }>();
        expectTypeOf(trace).toEqualTypeOf<string[] | undefined>();
        return output.label === example.answer;
      },
    });
    optimize({
      ...common,
      seedCandidate,
      trainset,
      run: async (_, { question }) => ({ output: question }),
      metric: ({ trace }) => {
        expectTypeOf(trace).toEqualTypeOf<readonly Step[] | undefined>();
        return 1;
      },
    });
  });

  it('optimize types the candidate that a metric sees by the component names', () => {
    optimize({
      ...common,
      seedCandidate,
      trainset,
      run: () => ({ output: 1 }),
      metric: ({ candidate }) => {
        expectTypeOf(candidate).toEqualTypeOf<Readonly<Record<'extract' | 'route', string>> | undefined>();
        return 1;
      },
    });
    const anyMetric: Metric<{ question: string }, number> = ({ candidate }) =>
      Object.keys(candidate ?? {}).length;
    optimize({ ...common, seedCandidate, trainset, run: () => ({ output: 1 }), metric: anyMetric });
  });

  it('optimize rejects a metric that returns no score', () => {
    // @ts-expect-error: a string is not a score
    optimize({ ...common, seedCandidate, trainset, run: () => ({ output: 1 }), metric: () => 'good' });
  });

  it('optimize rejects unknown component names in all options', () => {
    const run = () => ({ output: 1 });
    const metric = () => 1;
    const base = { ...common, seedCandidate, trainset, run, metric };
    optimize({ ...base, reflectionPromptTemplate: { route: '<curr_param> <side_info>' } });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...base, reflectionPromptTemplate: { rout: '<curr_param> <side_info>' } });
    optimize({
      ...base,
      guidance: { route: 'Keep the labels.' },
      descriptions: { extract: 'Finds the order number.' },
      maxLength: { route: 2_000 },
      validate: { extract: (text) => (text.length > 3 ? undefined : 'Too short.') },
    });
    optimize({ ...base, guidance: 'Be brief.', maxLength: 2_000, validate: () => undefined });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...base, guidance: { rout: 'x' } });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...base, maxLength: { rout: 2_000 } });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...base, validate: { rout: () => undefined } });
    // @ts-expect-error: a boolean is no reason
    optimize({ ...base, validate: () => false });
    optimize({
      ...base,
      componentSelector: ({ components }) => components.filter((name) => name === 'route'),
    });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...base, componentSelector: () => ['rout'] });
    // @ts-expect-error: there is no such strategy
    optimize({ ...base, candidateSelectionStrategy: 'best' });
    // @ts-expect-error: there is no such option
    optimize({ ...base, max_metric_calls: 3 });
  });

  it('optimize types the arguments of strategies, proposers and event listeners', () => {
    optimize({
      seedCandidate,
      trainset,
      run: () => ({ output: 1 }),
      metric: () => 1,
      maxIterations: 1,
      propose: async ({ components, records }) => {
        expectTypeOf(components).toEqualTypeOf<readonly ('extract' | 'route')[]>();
        expectTypeOf(records.route[0]).toEqualTypeOf<Readonly<Record<string, unknown>> | undefined>();
        return { route: 'x' };
      },
      acceptanceCriterion: ({ texts }) => texts.extract !== texts.route,
      onEvent: (event) => {
        if (event.type === 'candidate_added') {
          expectTypeOf(event.texts).toEqualTypeOf<Readonly<Record<'extract' | 'route', string>>>();
        }
      },
    });
  });
});

it('optimize types the metric and the result by the adapter', async () => {
  const adapter = {} as Adapter<{ n: number }, { label: string }, readonly Step[], 'system'>;
  const result = await optimize({
    ...common,
    adapter,
    trainset: [{ n: 1 }],
    metric: ({ example, output }) => {
      expectTypeOf(example).toEqualTypeOf<{ n: number }>();
      expectTypeOf(output).toEqualTypeOf<{ label: string }>();
      return 1;
    },
  });
  expectTypeOf(result.bestCandidate).toEqualTypeOf<Readonly<Record<'system', string>>>();
  // @ts-expect-error: examples of another shape
  optimize({ ...common, adapter, trainset: [{ m: 1 }], metric: () => 1 });
});

it('estimate accepts the options of optimize with the same types', () => {
  const estimated = estimate(
    {
      ...common,
      seedCandidate,
      trainset,
      run: (candidate, example) => {
        expectTypeOf(candidate).toEqualTypeOf<Readonly<Record<'extract' | 'route', string>>>();
        return { output: example.answer };
      },
      metric: ({ output }) => output === 42,
    },
    { measure: true },
  );
  expectTypeOf(estimated).toEqualTypeOf<Promise<RunEstimate>>();
  // @ts-expect-error: there is no such option
  estimate({ ...common, seedCandidate, trainset, run: () => ({ output: 1 }), metric: () => 1, max: 3 });
});
