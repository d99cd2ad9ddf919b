import { describe, expect, it } from 'vitest';
import { OptionsError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { presets, resolveOptions } from './settings.ts';

/** The problems that `optimize` reports for the options of a token run with overrides. */
async function problemsOf(overrides: object): Promise<readonly string[]> {
  const run = tokenRun();
  const given = { ...run.options, ...overrides };
  const error = await optimize(given).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OptionsError);
  expect(run.begun.size).toBe(0);
  return (error as OptionsError).problems;
}

describe('invalid options', () => {
  it.each([
    [
      'an empty trainset',
      { trainset: [] },
      'The option "trainset" must be an array with at least one example (got an empty array).',
    ],
    [
      'no trainset',
      { trainset: undefined },
      'The option "trainset" must be an array with at least one example (it is missing).',
    ],
    [
      'an empty valset',
      { valset: [] },
      'The option "valset" must be an array with at least one example; leave it out to use the trainset (got an',
    ],
    ['no metric', { metric: undefined }, 'The option "metric" must be a function (it is missing).'],
    [
      'a metric that is not a function',
      { metric: 'accuracy' },
      'The option "metric" must be a function (got "accuracy").',
    ],
    ['no limit', { maxMetricCalls: undefined }, 'The run has no limit: set `maxMetricCalls` or `auto`'],
    [
      'an empty list of stop conditions',
      { maxMetricCalls: undefined, stopConditions: [] },
      'The run has no limit',
    ],
    ['no reflection model', { propose: undefined }, 'Give a `reflectionModel`, or a proposer of your own'],
    [
      'two proposers',
      { reflectionModel: async () => '' },
      'Give either `reflectionModel` or `propose`, not both.',
    ],
    ['two budgets', { auto: 'light' }, 'Give either `auto` or `maxMetricCalls`, not both.'],
    ['an unknown preset', { maxMetricCalls: undefined, auto: 'huge' }, 'The option "auto"'],
    [
      'a budget below the size of the valset',
      { maxMetricCalls: 7 },
      'maxMetricCalls is 7, but scoring the seed takes 8 calls for the valset: give at least 8',
    ],
    [
      'a budget that does not cover the testset',
      { maxMetricCalls: 17, testset: tokenExamples('tests', 5) },
      '8 calls for the valset and 2 × 5 for the testset: give at least 18',
    ],
    [
      'a fractional budget',
      { maxMetricCalls: 30.5 },
      '"maxMetricCalls" must be a whole number of 1 or more (got 30.5)',
    ],
    [
      'a concurrency of zero',
      { concurrency: 0 },
      '"concurrency" must be a whole number of 1 or more (got 0)',
    ],
    [
      'a price below zero',
      { prices: { m: { input: 1, cachedInput: -1, output: 2 } } },
      'The option "prices.m.cachedInput" must be a number of 0 or more (got -1)',
    ],
    [
      'an unknown kind of price',
      { prices: { m: { input: 1, cached: 1, output: 2 } } },
      'There is no option "prices.m.cached"',
    ],
    ['a time limit of zero', { maxDurationMs: 0 }, '"maxDurationMs" must be a number above 0 (got 0)'],
    ['a seed of NaN', { seed: Number.NaN }, '(got NaN).'],
    [
      'an unknown option',
      { maxMetricCall: 3 },
      'There is no option "maxMetricCall"; did you mean "maxMetricCalls"?',
    ],
    [
      'an option in snake case',
      { max_metric_calls: 3 },
      'There is no option "max_metric_calls"; did you mean "maxMetricCalls"?',
    ],
    ['an unknown option without similar names', { temperature: 3 }, 'There is no option "temperature".'],
    [
      'an unknown option with the name of an object property',
      { constructor: 3 },
      'There is no option "constructor"',
    ],
    [
      'an unknown strategy',
      { candidateSelectionStrategy: 'best' },
      "\"candidateSelectionStrategy\" must be 'leader_or_pareto' or 'pareto' or ",
    ],
    [
      'an incomplete strategy object',
      { samplingStrategy: { parents: 2 } },
      "must be 'single' or { parents: n, mutations: n } or an object with sample()",
    ],
    [
      'a strategy with a size of zero',
      { selectionStrategy: { topK: 0 } },
      "\"selectionStrategy\" must be 'all' or 'best' or { topK: n } or a function",
    ],
    [
      'an unknown frontier type',
      { frontierType: 'pareto' },
      `"frontierType" must be 'instance' or 'objective' or 'hybrid' or 'cartesian' (got "pareto")`,
    ],
    [
      'a prompt template without its placeholders',
      { reflectionPromptTemplate: 'Improve it.' },
      'lacks <curr_param> and <side_info>',
    ],
    [
      'a prompt template for an unknown component',
      { reflectionPromptTemplate: { rout: '<curr_param> <side_info>' } },
      'names the component "rout"; the components are extract, route.',
    ],
    [
      'a variable that the text of its component lacks',
      {
        adapter: undefined,
        seedCandidate: { a: { text: 'Hi {name}', variables: ['name', 'day'] } },
        run: () => ({}),
      },
      'The component "a" has the variables {day}, which its text does not contain.',
    ],
    [
      'a maxLength of zero',
      { maxLength: 0 },
      '"maxLength" must be a whole number of 1 or more, or one for each component by name (got 0)',
    ],
    [
      'a validate that is no function',
      { validate: { route: 'x' } },
      '"validate" must be a function, or one for',
    ],
    [
      'guidance for an unknown component',
      { guidance: { rout: 'x' } },
      'guidance names the component "rout"; the',
    ],
    [
      'a reservation above its limit',
      { maxTokens: 100, reserve: { rollout: { tokens: 200 } } },
      'reserve.rollout.tokens is 200, more than maxTokens (100)',
    ],
    [
      'both names of parallel proposals',
      { parallelProposals: 2, samplingStrategy: 'single' },
      'Give either `parallelProposals` or `samplingStrategy`, not both.',
    ],
    [
      'a fraction of a proposal at once',
      { parallelProposals: 1.5 },
      `"parallelProposals" must be a whole number of 1 or more, or 'auto'`,
    ],
    ['an unknown retry option', { retry: { times: 3 } }, 'There is no option "retry.times"'],
    [
      'a signal that is not an AbortSignal',
      { signal: {} },
      'The option "signal" must be an AbortSignal (got an object).',
    ],
    ['no program', { adapter: undefined }, 'Give an `adapter`, or both `seedCandidate` and `run`.'],
    [
      'a seed candidate without run',
      { adapter: undefined, seedCandidate: { prompt: '' } },
      'Give an `adapter`, or both',
    ],
    [
      'both an adapter and a seed candidate',
      { seedCandidate: { prompt: '' }, run: () => ({}) },
      'Give either `adapter` or `seedCandidate` with `run`',
    ],
    ['an adapter without its members', { adapter: {} }, 'The option "adapter" must be an adapter'],
    [
      'a component without a text',
      { adapter: { components: { prompt: {} }, run: () => ({}) } },
      'must be an adapter',
    ],
    ['a Map for texts by name', { maxLength: new Map([['extract', 3]]) }, 'The option "maxLength" must be'],
    ['a promise for an object', { retry: Promise.resolve({}) }, 'The option "retry" must be an object'],
    [
      'a component with a field that does not exist',
      {
        adapter: undefined,
        seedCandidate: { extract: { text: 'base {a}', variable: ['a'] } },
        run: () => ({}),
      },
      'There is no option "seedCandidate.extract.variable"; did you mean "variables"?',
    ],
    [
      'variables that are no array',
      { adapter: { components: { extract: { text: 'base {a}', variables: 'a' } }, run: () => ({}) } },
      'The option "adapter.components.extract.variables" must be an array of names (got "a").',
    ],
    [
      'a program without components',
      { adapter: { components: {}, run: () => ({}) } },
      'The program has no components',
    ],
  ])('options with %s are rejected in one sentence before any rollout', async (_, overrides, message) => {
    const problems = await problemsOf(overrides);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
    expect(problems[0]).toMatch(/[.?]$/);
  });

  it('optimize rejects a call without options', async () => {
    await expect(optimize(undefined as never)).rejects.toThrow(OptionsError);
  });

  it('optimize reports all invalid options at once', async () => {
    const problems = await problemsOf({
      trainset: [],
      metric: 3,
      maxMetricCalls: undefined,
      max_iterations: 4,
      reflectionPromptTemplate: 'nothing',
    });
    expect(problems.map((problem) => /"\w+"|no limit|lacks/.exec(problem)?.[0])).toEqual([
      '"max_iterations"',
      '"trainset"',
      '"metric"',
      'lacks',
      'no limit',
    ]);
    expect(new OptionsError(problems).message).toContain('5 problems:\n- ');
  });
});

describe('warnings', () => {
  const warningsOf = async (setup: Parameters<typeof tokenRun>[0]) => {
    const run = tokenRun({ maxIterations: 1, ...setup });
    const result = await optimize(run.options);
    const emitted = run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(emitted).toEqual(result.warnings);
    return result.warnings;
  };

  it('a testset that contains training examples causes a warning, compared by content', async () => {
    const both = [
      ...tokenExamples('tests', 2),
      ...tokenExamples('train', 2).map((example) => ({ ...example })),
    ];
    expect(await warningsOf({ testset: both })).toEqual([
      '2 of the 4 test examples are also in the trainset: the test score is too high. Use each example in one set only.',
    ]);
  });

  it('a testset that contains training inputs with other ids causes a warning', async () => {
    const example = (id: string, ticket: string) => ({ id, input: { ticket }, expected: 'billing' });
    const result = await optimize({
      seedCandidate: { text: 'x' },
      run: () => ({ output: 'billing' }),
      metric: () => 0.5,
      propose: async () => ({}),
      trainset: [example('train-1', 'a'), example('train-2', 'b')],
      valset: [example('valid-1', 'c')],
      testset: [example('test-1', 'b'), example('test-2', 'd')],
      maxMetricCalls: 100,
    });
    expect(result.warnings).toContainEqual(
      expect.stringMatching(/^1 of the 2 test examples are also in the trainset/),
    );
  });

  it('a run without a valset causes a warning', async () => {
    const { valset, ...options } = tokenRun({ maxIterations: 1 }).options;
    expect(valset).toBeDefined();
    expect((await optimize(options)).warnings).toEqual([
      expect.stringContaining('The valset is the trainset'),
    ]);
  });

  it('a run with separate example sets causes no warning', async () => {
    expect(await warningsOf({ testset: tokenExamples('tests', 2) })).toEqual([]);
  });
});

it('options that are undefined count as absent', async () => {
  const run = tokenRun({ maxIterations: 1 });
  const withUndefined = {
    ...run.options,
    seedCandidate: undefined,
    run: undefined,
    concurrency: undefined,
    seed: undefined,
  };
  expect((await optimize(withUndefined as never)).stopReason).toBe('maxIterations');
});

const presetOptions = Object.keys(presets.adaptive) as (keyof typeof presets.adaptive)[];
const strategiesOf = async (options: object) => {
  const settings = await resolveOptions({ ...tokenRun().options, ...options });
  return Object.fromEntries(presetOptions.map((name) => [name, settings[name]]));
};

it.each(presetOptions)(
  '%s overrides the preset of `search` and leaves its other strategies',
  async (name) => {
    const { adaptive, reference } = presets;
    const ofReference = { [name]: reference[name] };
    const ofAdaptive = { [name]: adaptive[name] };
    expect(await strategiesOf({ search: 'adaptive', ...ofReference })).toEqual({
      ...adaptive,
      ...ofReference,
    });
    expect(await strategiesOf({ search: 'reference', ...ofAdaptive })).toEqual({
      ...reference,
      ...ofAdaptive,
    });
    expect(await strategiesOf({ search: undefined, [name]: undefined })).toEqual(adaptive);
  },
);

it('auto sets the budget and adds the metric calls of the testset', async () => {
  const run = tokenRun({ auto: 'light', testset: tokenExamples('tests', 3), maxIterations: 1 });
  const { maxMetricCalls, ...options } = run.options;
  expect(maxMetricCalls).toBe(200);
  await optimize(options);
  // n = 6, N = floor(max(4·2·log2(6), 9)) = 20; 8 + 5·6 + 35·20 + (floor(21/5) + 1)·8, and 2·3.
  expect(run.events[0]).toMatchObject({ type: 'run_started', maxMetricCalls: 8 + 30 + 700 + 40 + 6 });
});

it('seedCandidate accepts texts and components and keeps the constraints of a component', async () => {
  const rejected: string[] = [];
  const result = await optimize({
    seedCandidate: { greeting: { text: 'Greet {name}.', variables: ['name'] }, tone: 'Be kind.' },
    run: (candidate, example: { name: string }) => ({
      output: `${candidate.greeting} ${candidate.tone} ${example.name}`,
    }),
    trainset: [{ name: 'Ada' }],
    metric: () => 0.5,
    propose: async () => ({ greeting: 'Greet.', tone: 'Be kind.' }),
    componentSelector: () => ['greeting'],
    maxIterations: 1,
    onEvent: (event) => {
      if (event.type === 'proposal_rejected') rejected.push(event.reason);
    },
  });
  expect(rejected).toEqual(['lost_placeholder']);
  expect(result.bestCandidate.greeting).toBe('Greet {name}.');
});

it('options may be inherited', async () => {
  const { options } = tokenRun({ maxIterations: 1 });
  expect((await optimize(Object.create(options))).stopReason).toBe('maxIterations');
});

it('a run does not notice when the caller changes the lists of examples', async () => {
  const run = tokenRun({ maxIterations: 3 });
  const expected = await optimize(run.options);
  const [trainset, valset] = [[...run.options.trainset], [...run.options.valset!]];
  const running = optimize({
    ...tokenRun({ maxIterations: 3 }).options,
    trainset,
    valset,
    onEvent: ({ type }) => {
      if (type !== 'run_started') return;
      trainset.length = 1;
      valset.length = 0;
    },
  });
  const { candidates } = await running;
  expect(candidates).toEqual(expected.candidates);
});

it('a listener that changes the scores of an event does not change the candidates', async () => {
  const expected = await optimize(tokenRun({ maxIterations: 3 }).options);
  const { candidates, bestIndex } = await optimize({
    ...tokenRun({ maxIterations: 3 }).options,
    onEvent: (event) => {
      if (event.type === 'candidate_added') (event.scores as (number | null)[]).fill(1);
    },
  });
  expect({ candidates, bestIndex }).toEqual({
    candidates: expected.candidates,
    bestIndex: expected.bestIndex,
  });
});
