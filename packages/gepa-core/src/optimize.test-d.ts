import { describe, expectTypeOf, it } from 'vitest';
import type { Adapter } from './adapter/adapter.ts';
import type { Step } from './adapter/trace.ts';
import { estimate, type RunEstimate } from './estimate/estimate.ts';
import { optimize } from './optimize.ts';
import type { OptimizationResult } from './result.ts';

const bounded = { propose: async () => ({}), maxIterations: 1 } as const;
const trainset = [{ question: 'q', answer: 42 }];
const seedCandidate = { extract: 'Extract.', route: { text: 'Route.', kind: 'prompt' } } as const;

describe('the short form', () => {
  it('infers the names of the components from seedCandidate', async () => {
    const result = await optimize({
      ...bounded,
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

  it("types the metric's example by the trainset and its output and trace by run", () => {
    optimize({
      ...bounded,
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
      ...bounded,
      seedCandidate,
      trainset,
      run: async (_, { question }) => ({ output: question }),
      metric: ({ trace }) => {
        expectTypeOf(trace).toEqualTypeOf<readonly Step[] | undefined>();
        return 1;
      },
    });
  });

  it('refuses a metric that gives no score', () => {
    // @ts-expect-error: a string is no score
    optimize({ ...bounded, seedCandidate, trainset, run: () => ({ output: 1 }), metric: () => 'good' });
  });

  it('refuses unknown components wherever names are given', () => {
    const run = () => ({ output: 1 });
    const metric = () => 1;
    const common = { ...bounded, seedCandidate, trainset, run, metric };
    optimize({ ...common, reflectionPromptTemplate: { route: '<curr_param> <side_info>' } });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...common, reflectionPromptTemplate: { rout: '<curr_param> <side_info>' } });
    optimize({
      ...common,
      componentSelector: ({ components }) => components.filter((name) => name === 'route'),
    });
    // @ts-expect-error: "rout" is misspelled
    optimize({ ...common, componentSelector: () => ['rout'] });
    // @ts-expect-error: there is no such strategy
    optimize({ ...common, candidateSelectionStrategy: 'best' });
    // @ts-expect-error: there is no such option
    optimize({ ...common, max_metric_calls: 3 });
  });

  it('types what strategies, proposers and listeners are given', () => {
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

it('an adapter types everything', async () => {
  const adapter = {} as Adapter<{ n: number }, { label: string }, readonly Step[], 'system'>;
  const result = await optimize({
    ...bounded,
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
  optimize({ ...bounded, adapter, trainset: [{ m: 1 }], metric: () => 1 });
});

it('estimate takes what optimize takes, and types it alike', () => {
  const told = estimate(
    {
      ...bounded,
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
  expectTypeOf(told).toEqualTypeOf<Promise<RunEstimate>>();
  // @ts-expect-error: there is no such option
  estimate({ ...bounded, seedCandidate, trainset, run: () => ({ output: 1 }), metric: () => 1, max: 3 });
});
