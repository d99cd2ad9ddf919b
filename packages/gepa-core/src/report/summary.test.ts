import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Spend, SpendByPhase } from '../budget/spend.ts';
import type { OptimizationResult, TestScores } from '../result.ts';
import { candidateAdded, decisions, newBest, runFinished, runStarted } from './fixtures/sample-run.ts';
import { replay } from './result-of.ts';
import { summarize } from './summary.ts';

const result = replay(decisions);
const seedOnly = replay([runStarted(), candidateAdded(), runFinished({ stopReason: 'allPerfect' })]);
const test: TestScores = {
  candidate: 1,
  size: 100,
  seedScore: 0.475,
  bestScore: 0.7,
  seedScores: Array.from({ length: 40 }, () => 0),
  bestScores: Array.from({ length: 40 }, () => 1),
  gain: 0.225,
  interval: [0.05, 0.4],
  metricCalls: 200,
};

const linesOf = (changes: Partial<OptimizationResult> = {}) =>
  summarize({ ...result, ...changes }).split('\n');
/** The lines that follow a label. */
function row(lines: readonly string[], label: string): string[] {
  const start = lines.findIndex((line) => line.startsWith(label));
  if (start < 0) return [];
  const end = lines.findIndex((line, i) => i > start && !line.startsWith(' '));
  return lines.slice(start, end).map((line) => line.slice(15));
}

describe('the outcome', () => {
  it('a summary starts with the duration and the stop reason', () => {
    expect(linesOf()[0]).toBe('Ended after 1m 05s: the metric calls are used up (maxMetricCalls)');
  });

  it('a summary compares the validation scores of seed and best candidate', () => {
    expect(row(linesOf({ test }), 'Validation')).toEqual([
      '0.500 → 0.750 (+0.250) on 4 examples',
      'Optimistic: the highest of 2 candidates, in part by chance',
    ]);
  });

  it('a summary notes that seed and best candidate were scored on different numbers of examples', () => {
    const partial = replay([
      runStarted(),
      candidateAdded(),
      newBest({ scores: [1, 1, null, null] }),
      runFinished({ bestIndex: 1 }),
    ]);
    expect(row(summarize(partial).split('\n'), 'Validation')).toEqual([
      '0.500 → 1.000, on different examples',
      'The seed was scored on 4 examples, the best candidate on 2 of 4 examples',
      'Optimistic: the highest of 2 candidates, in part by chance',
    ]);
  });

  it('a summary says that the seed is still the best', () => {
    const lines = summarize(seedOnly).split('\n');
    expect(row(lines, 'Validation')).toEqual([
      '0.500 on 4 examples: the seed is still the best, no other candidate was found',
    ]);
    expect(row(lines, 'Held-out test')).toEqual(['not scored']);
    expect(lines.join('\n')).not.toContain('Changes');
  });

  it('a summary shows the best candidate for each objective', () => {
    const withObjectives = replay([
      runStarted(),
      candidateAdded({ objectiveScores: { accuracy: [1, 1, 0, 0], brevity: [1, 1, 1, 1] } }),
      newBest({ objectiveScores: { accuracy: [1, 1, 1, 0], brevity: [1, 0, 0, 0] } }),
      runFinished({ bestIndex: 1 }),
    ]);
    expect(row(summarize(withObjectives).split('\n'), 'Objectives')).toEqual([
      'accuracy  0.500 → 0.750, by candidate 1',
      'brevity   1.000, by the seed',
    ]);
    expect(row(linesOf(), 'Objectives')).toEqual([]);
  });
});

it('a summary shows how the length of each component changed', () => {
  const lengths = {
    prompt: { seed: 1_000, best: 2_500 },
    rules: { seed: 80, best: 60 },
    same: { seed: 5, best: 5 },
  };
  expect(row(linesOf({ lengths }), 'Length')).toEqual([
    'prompt  1,000 → 2,500 characters, +150%',
    'rules   80 → 60 characters, −25%',
  ]);
  expect(row(linesOf({ lengths: { same: { seed: 5, best: 5 } } }), 'Length')).toEqual([]);
});

describe('the held-out test', () => {
  it('a summary shows the gain on the testset with its interval and size', () => {
    expect(row(linesOf({ test }), 'Held-out test')).toEqual([
      '0.475 → 0.700 (+0.225) on 100 examples',
      '95% interval of the gain: +0.050 to +0.400',
      'The interval is all above 0: the gain is unlikely to be chance',
    ]);
  });

  it.each<[number, [number, number], string]>([
    [0.1, [-0.05, 0.25], 'The interval includes 0: the gain may be chance'],
    [0.1, [0, 0.25], 'The interval includes 0: the gain may be chance'],
    [-0.1, [-0.25, 0.05], 'The interval includes 0: the loss may be chance'],
    [0, [-0.1, 0.1], 'The interval includes 0: no difference was found'],
    [-0.2, [-0.3, -0.1], 'The interval is all below 0: the best candidate is worse on new examples'],
  ])('a summary interprets a gain of %d with the interval %j', (gain, interval, interpretation) => {
    expect(row(linesOf({ test: { ...test, gain, interval } }), 'Held-out test')[2]).toBe(interpretation);
  });

  it('a summary warns that an interval from few examples is inaccurate', () => {
    expect(row(linesOf({ test: { ...test, size: 8 } }), 'Held-out test')[3]).toBe(
      'With so few examples the interval itself is inaccurate',
    );
  });

  it('a summary without a testset says that the gain may not hold on new examples, and marks a score that chose', () => {
    expect(row(linesOf(), 'Held-out test')).toEqual([
      'not scored: whether the gain holds on new examples is unknown',
    ]);
    expect(row(linesOf(), 'Validation').join()).toContain('Optimistic: the highest of');
    const fresh = { examples: 4, positions: [0, 1, 2, 3], fresh: true, optimistic: false };
    expect(linesOf({ scoredOn: fresh, seedScoredOn: fresh }).join()).not.toContain('Optimistic');
  });
});

describe('proposals', () => {
  const proposals: OptimizationResult['proposals'] = {
    made: 12,
    accepted: 4,
    rejected: 8,
    byReason: { unchanged: 2, not_better: 5, lost_placeholder: 1 },
    byComponent: {
      'decision.system': { accepted: 3, rejected: 2, byReason: { not_better: 2 } },
      'facts.system': {
        accepted: 1,
        rejected: 6,
        byReason: { unchanged: 2, not_better: 3, lost_placeholder: 1 },
      },
    },
    perfectMinibatches: 3,
    zeroMinibatches: 2,
    lastRejected: {
      proposal: 12,
      components: ['facts.system'],
      reason: 'unchanged',
      message: 'It is the same.',
    },
  };

  it('a summary counts proposals by reason and component, and minibatches that teach little', () => {
    expect(row(linesOf({ proposals }), 'Proposals')).toEqual([
      '12 proposals, 4 accepted; 5 not better on the minibatch, 2 with the same text again,',
      '1 without a placeholder',
      'decision.system: 3 of 5 proposals accepted; 2 not better on the minibatch',
      'facts.system: 1 of 7 proposals accepted; 3 not better on the minibatch, 2 with the',
      'same text again, 1 without a placeholder',
    ]);
    expect(row(linesOf({ proposals }), 'Minibatches')).toEqual([
      '3 perfect already, 2 at 0 on every example: such minibatches teach little',
    ]);
  });

  it('a summary says why the last proposal was rejected when none was accepted', () => {
    const none = { ...proposals, accepted: 0 };
    expect(row(linesOf({ proposals: none }), 'Proposals').at(-1)).toBe(
      'The last new text of facts.system: It is the same.',
    );
  });

  it('a summary of a run that ran out of new texts says why the last was rejected, also after a gain', () => {
    const lines = linesOf({ proposals, stopReason: 'noNewProposals' });
    expect(row(lines, 'Proposals').at(-1)).toBe('The last new text of facts.system: It is the same.');
    expect(row(linesOf({ proposals }), 'Proposals').join()).not.toContain('The last new text');
  });

  it('a summary says how many rollouts of the seed and the best candidate failed, and why', () => {
    const failing = replay([
      runStarted(),
      candidateAdded({ failed: 2, error: 'Unexpected token' }),
      newBest(),
      runFinished({ bestIndex: 1 }),
    ]);
    expect(row(summarize(failing).split('\n'), 'Failures')).toEqual([
      'The seed failed on 2 of 4 examples, first: Unexpected token',
    ]);
  });
});

it('a summary after the progress repeats nothing of what it said', () => {
  const ended = { ...result, test, warnings: ['There is no valset.'] };
  const [whole, rest] = [summarize(ended), summarize(ended, { afterProgress: true })];
  const said = ['Ended after', 'no valset', '0.475', '0.700', '0.750', '+0.225', 'is the best'];
  for (const line of said) {
    expect(whole).toContain(line);
    expect(rest).not.toContain(line);
  }
  expect(rest).toMatch(/Held-out test +The interval is all above 0/);
  expect(rest).toMatch(/Validation +Optimistic: the highest of 2 candidates/);
});

it.each([40, 60, 80])('the lines of a summary and its diff fit a terminal of %i columns', (width) => {
  const long = { ...result, test, warnings: ['Words '.repeat(40)] };
  for (const color of [false, true]) {
    const lines = summarize(long, { width, color }).split('\n').map(stripVTControlCharacters);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  }
});

describe('the search', () => {
  it('a summary counts candidates and iterations', () => {
    expect(row(linesOf(), 'Search')).toEqual(['2 candidates in 1 iteration; candidate 1 is the best']);
  });

  it('a summary counts saved metric calls and retries, if there are any', () => {
    expect(row(linesOf(), 'Saved')).toEqual([]);
    expect(row(linesOf(), 'Retries')).toEqual([]);
    const lines = linesOf({ cacheHits: 1_234, metricCallsSaved: 120, retries: 1 });
    expect(row(lines, 'Saved')).toEqual([
      '1,234 metric calls by the cache',
      '120 metric calls by partial evaluation of the valset',
    ]);
    expect(row(lines, 'Retries')).toEqual([
      '1 attempt failed with a transient error; not counted as metric calls',
    ]);
  });
});

describe('the spend table', () => {
  const spent = (changes: Partial<OptimizationResult>) => {
    const lines = linesOf(changes);
    const start = lines.findIndex((line) => line.startsWith('Spent'));
    return lines.slice(start, lines.indexOf('', start));
  };
  const phase = (metricCalls: number, modelCalls: number, costUsd: number | undefined): Spend => ({
    metricCalls,
    usage: {
      modelCalls,
      inputTokens: 900 * modelCalls,
      outputTokens: 40 * modelCalls,
      costUsd,
    },
  });
  const spend: SpendByPhase = {
    ...result.spend,
    seed: phase(50, 50, 0.05),
    minibatch: phase(500, 1_000, 1),
    valset: phase(450, 900, 0.9),
    testset: phase(300, 600, 0.6),
    judge: phase(0, 1_300, 0.35),
    reflection: phase(0, 38, 0.095),
  };
  const run: Partial<OptimizationResult> = {
    totalMetricCalls: 1_300,
    usage: { modelCalls: 3_888, inputTokens: 3_499_200, outputTokens: 155_520, costUsd: 2.995 },
    spend,
    durationMs: 754_000,
    time: {
      ...result.time,
      seed: 12_000,
      minibatch: 245_000,
      valset: 118_000,
      testset: 91_000,
      reflection: 285_000,
      other: 3_000,
    },
  };

  it('the spend table has a row for each phase that spent something, within 100 columns', () => {
    const lines = spent(run);
    expect(lines).toEqual([
      'Spent          metric calls  model calls  input tokens  output tokens   cost     time',
      'Seed                     50           50        45,000          2,000  $0.05      12s',
      'Minibatches             500        1,000       900,000         40,000  $1.00   4m 05s',
      'Valset                  450          900       810,000         36,000  $0.90   1m 58s',
      'Held-out test           300          600       540,000         24,000  $0.60   1m 31s',
      'Judge                              1,300     1,170,000         52,000  $0.35',
      'Reflection                            38        34,200          1,520  $0.10   4m 45s',
      'Other                                                                              3s',
      'Total                 1,300        3,888     3,499,200        155,520  $3.00  12m 34s',
    ]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it('the spend table distinguishes an unknown cost from no cost', () => {
    const { costUsd, ...tokens } = run.usage!;
    expect(costUsd).toBeDefined();
    const unpriced = { ...result.spend, seed: phase(100, 100, undefined) };
    expect(spent({ usage: tokens, spend: unpriced })).toEqual([
      'Spent  metric calls  model calls  input tokens  output tokens    time',
      'Seed            100          100        90,000          4,000',
      'Total           100        3,888     3,499,200        155,520  1m 05s',
      'The cost is unknown because no model has a known price: set the option `prices`',
    ]);
    const partly = spent({ ...run, spend: { ...spend, reflection: phase(0, 38, undefined) } });
    expect(partly[6]).toMatch(/^Reflection .* – {3}4m 45s$/);
    expect(partly.at(-1)).toBe('–: unknown and not included in the total');
  });

  it('the spend table notes that no model calls, or no tokens, were reported', () => {
    expect(spent({})).toEqual([
      'Spent  metric calls    time',
      'Total           100  1m 05s',
      'No model calls were reported',
    ]);
    const calls = { modelCalls: 7, inputTokens: 0, outputTokens: 0 };
    expect(spent({ usage: calls }).at(-1)).toBe('Tokens were not reported');
  });
});

it('a summary lists every warning, wrapped and without control characters', () => {
  const long = `The test score flatters the result. ${'word '.repeat(30)}end`;
  const lines = linesOf({ warnings: ['Odd\u001b[31m.', long] });
  const start = lines.indexOf('2 warnings');
  expect(lines[start + 1]).toBe('! Odd␛[31m.');
  expect(lines[start + 2]).toMatch(/^! The test score/);
  expect(lines[start + 3]).toMatch(/^ {2}word .*end$/);
});

it('a summary ends with a diff of the texts', () => {
  expect(linesOf().slice(-4)).toEqual([
    'Changes from the seed to candidate 1',
    '',
    '── prompt ──',
    '~ Answer the question{+ in one word+}.',
  ]);
});

it('a summary with color has the same text', () => {
  const everything = { ...result, test, warnings: ['Odd.'] };
  const plain = summarize(everything);
  const colored = summarize(everything, { color: true });
  expect(stripVTControlCharacters(plain)).toBe(plain);
  expect(colored).not.toBe(plain);
  const withoutMarks = plain.replace(/\{\+(.*?)\+\}/g, '$1');
  expect(stripVTControlCharacters(colored)).toBe(withoutMarks);
});
