// @module-tag slow
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProposeRequest } from '../adapter/adapter.ts';
import type { LanguageModel } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import type { FunctionOptions } from '../options/options.ts';

type Ticket = { readonly input: string; readonly expected: string };

const ticket = (input: string, expected: string): Ticket => ({ input, expected });
const trainset = [
  ticket('charged twice', 'billing'),
  ticket('cannot log in', 'account'),
  ticket('parcel is late', 'delivery'),
  ticket('refund me', 'billing'),
  ticket('reset password', 'account'),
  ticket('wrong parcel', 'delivery'),
];

/** Solves a ticket whose label the text names. */
function run(overrides: Partial<FunctionOptions<Ticket, string, never, 'sort'>> = {}) {
  const prompts: string[] = [];
  let answers = 0;
  const reflectionModel: LanguageModel = async ({ prompt }) => {
    prompts.push(prompt);
    return `\`\`\`\`\nSort it. Try ${answers++ % 2 === 0 ? 'harder' : 'billing, account'}.\n\`\`\`\``;
  };
  return {
    prompts,
    options: {
      seedCandidate: { sort: 'Sort it.' },
      run: ({ sort }, { expected }) => ({ output: sort.includes(expected) ? expected : 'other' }),
      metric: ({ output, example: { expected } }) => ({
        score: output === expected,
        feedback: output === expected ? 'Right.' : `Expected "${expected}", got "${output}".`,
      }),
      trainset,
      valset: [ticket('a', 'billing'), ticket('b', 'unheard of')],
      reflectionModel,
      // Scores everything on the two examples of the valset.
      search: 'reference',
      maxIterations: 6,
      ...overrides,
    } satisfies FunctionOptions<Ticket, string, never, 'sort'>,
  };
}

describe('a reflection prompt', () => {
  it('shows what was tried from this parent, and the answers that the feedback revealed', async () => {
    const { prompts, options } = run();
    await optimize(options);
    expect(prompts[0]).not.toContain('Iteration 1');
    const second = prompts[1]!;
    expect(second).toContain('Iteration 1, from candidate 0: not kept. Score 0 → 0 on 3 examples.');
    expect(second).toContain('+ Try harder.');
    for (const { expected } of trainset) expect(second).toContain(JSON.stringify(expected));
    expect(second).not.toContain('unheard of');
  });

  it('names the examples that moved by the words of their inputs, also where messages surround them', async () => {
    const messages = trainset.map(({ input, expected }) => ({
      input: [{ role: 'user', content: input }],
      expected,
    }));
    const { prompts, options } = run({ trainset: messages as unknown as readonly Ticket[] });
    await optimize(options);
    expect(prompts.join()).toMatch(/“(charged twice|cannot log in|refund me|reset password)”: 0 → 1/);
  });

  it('shows a training example that the parent is known to solve where the minibatch has none', async () => {
    const { prompts, options } = run({
      seedCandidate: { sort: 'Sort it: account.' },
      valset: [...trainset, ticket('b', 'unheard of')],
      reflectionMinibatchSize: 1,
      maxIterations: 3,
    });
    await optimize(options);
    const [first] = prompts;
    expect(first).toContain(
      '1 that was right before is shown beside these; on validation the program scores 0.286.',
    );
    expect(first!.match(/^## Example .*$/gm)).toEqual(['## Example 1 (score 0)', '## Example 2 (score 1)']);
    expect(first).toContain('cannot log in');
  });

  it('a reflection prompt has the background, the objective, the hint, the guidance and the description of the caller', async () => {
    const { prompts, options } = run({
      maxIterations: 1,
      background: 'We sell bicycles.',
      objective: 'Fewer wrong queues.',
      readerHint: 'a small base model',
      guidance: { sort: 'Keep the list of queues.' },
      descriptions: { sort: 'Picks the queue.' },
    });
    await optimize(options);
    for (const words of [
      'We sell bicycles.',
      'Fewer wrong queues.',
      'a small base model',
      'Keep the list of queues.',
      'Picks the queue.',
    ]) {
      expect(prompts[0]).toContain(words);
    }
  });

  it('a reflection prompt is the same, byte for byte, in a resumed run', async () => {
    const runDir = mkdtempSync(join(tmpdir(), 'gepa-memory-'));
    try {
      const whole = run();
      await optimize(whole.options);
      const first = run({ runDir, maxIterations: 3 });
      await optimize(first.options);
      const second = run({ runDir, maxIterations: 6 });
      await optimize(second.options);
      expect(first.prompts.length).toBeGreaterThan(1);
      const journal = readFileSync(join(runDir, 'journal.jsonl'), 'utf8');
      const written = journal.split('\n').filter((line) => line.includes('"type":"reflection"'));
      expect(written.map((line) => JSON.parse(line).prompt)).toEqual([...first.prompts, ...second.prompts]);
      const twice = run({ runDir: undefined as never });
      await optimize(twice.options);
      expect(twice.prompts).toEqual(whole.prompts);
      expect(first.prompts).toEqual(whole.prompts.slice(0, first.prompts.length));
    } finally {
      rmSync(runDir, { recursive: true });
    }
  });

  it('shows expected values only with showExpected, and a metric without feedback causes one warning', async () => {
    const metric: typeof hidden.options.metric = ({ output, example }) => ({
      score: output === example.expected,
    });
    const hidden = run({ maxIterations: 2, metric });
    const result = await optimize(hidden.options);
    expect(hidden.prompts.join('\n')).not.toMatch(/delivery|account/);
    expect(result.warnings).toEqual([
      expect.stringMatching(/^The metric gives no feedback.*showExpected: true/),
    ]);
    const shown = run({ maxIterations: 2, showExpected: true, metric });
    expect((await optimize(shown.options)).warnings).toEqual([]);
    expect(shown.prompts[0]).toMatch(/### Expected\s+\w+/);
  });
});

describe('feedback that cannot teach', () => {
  it('blank feedback causes the warning of no feedback, and stands in no record', async () => {
    const blank = run({
      maxIterations: 1,
      metric: ({ output, example }) => ({ score: output === example.expected, feedback: ' ' }),
    });
    const result = await optimize(blank.options);
    expect(result.warnings).toEqual([expect.stringMatching(/^The metric gives no feedback/)]);
    expect(blank.prompts[0]).not.toContain('### Feedback');
  });

  it('the same feedback on six examples causes one warning, feedback that differs none', async () => {
    const metric =
      (feedback: (expected: string) => string): typeof same.options.metric =>
      ({ example }) => ({ score: 0, feedback: feedback(example.expected) });
    const same = run({ maxIterations: 8 });
    const { warnings } = await optimize({ ...same.options, metric: metric(() => 'Wrong.') });
    expect(warnings).toEqual([expect.stringMatching(/^The metric gave the same feedback .*"Wrong\."/)]);
    const varied = await optimize({
      ...run({ maxIterations: 8 }).options,
      metric: metric((expected) => `Not ${expected}.`),
    });
    expect(varied.warnings).toEqual([]);
  });
});

describe('limits on texts', () => {
  it('a text beyond maxLength is asked for once more with the reason, then rejected', async () => {
    const { prompts, options } = run({ maxIterations: 1, maxLength: 10 });
    const reasons: string[] = [];
    await optimize({
      ...options,
      onEvent: (event) => {
        if (event.type === 'proposal_rejected') reasons.push(event.reason);
      },
    });
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain('at most 10 are allowed');
    expect(reasons).toEqual(['too_long']);
  });

  it('a text that validate refuses is used if the second answer is fine', async () => {
    const { prompts, options } = run({
      maxIterations: 1,
      validate: { sort: (text) => (text.includes('harder') ? 'Do not write "harder".' : undefined) },
    });
    const result = await optimize(options);
    expect(prompts[1]).toContain('Do not write "harder".');
    expect(result.bestCandidate.sort).toBe('Sort it. Try billing, account.');
  });

  it('validate also checks the texts of a custom proposer', async () => {
    const { options } = run({ maxIterations: 1, validate: () => 'Never.' });
    const { reflectionModel: _, ...rest } = options;
    const result = await optimize({ ...rest, propose: async () => ({ sort: 'New.' }) });
    expect(result.candidates).toHaveLength(1);
  });

  it('a text that copies training inputs is asked for once more, and the result warns of what is left', async () => {
    const input = 'My parcel with the red bicycle bell has not arrived since last Monday';
    const prompts: string[] = [];
    const { options } = run({
      trainset: [ticket(input, 'billing')],
      maxIterations: 1,
      reflectionModel: async ({ prompt }) => {
        prompts.push(prompt);
        return `\`\`\`\`\nSort it. ${input}: billing.\n\`\`\`\``;
      },
    });
    const result = await optimize(options);
    expect(prompts[1]).toContain(`copies examples that it is improved on: “${input}” (train:0)`);
    expect(result.bestIndex).toBe(1);
    expect(result.warnings).toEqual([
      expect.stringContaining(`The best candidate copies training examples: "sort" has “${input}” (train:0)`),
    ]);
    expect(result.lengths).toEqual({ sort: { seed: 8, best: result.bestCandidate.sort.length } });
  });
});

it('a custom proposer gets the parent, the definitions, the history and what was learned', async () => {
  const { options } = run({ maxIterations: 2 });
  const { reflectionModel: _, ...rest } = options;
  const requests: ProposeRequest<'sort'>[] = [];
  await optimize({
    ...rest,
    seedCandidate: { sort: { text: 'Sort it.', kind: 'prompt' } },
    propose: async (request) => {
      requests.push(request);
      return { sort: `Sort it. ${requests.length}` };
    },
  });
  expect(requests[1]).toMatchObject({
    parent: { index: 0, mean: 0 },
    definitions: { sort: { kind: 'prompt' } },
    history: {
      sort: [
        {
          iteration: 1,
          parent: 0,
          replaced: 'Sort it.',
          text: 'Sort it. 1',
          accepted: false,
          scores: [{ before: 0, after: 0 }, {}, {}],
        },
      ],
    },
  });
  expect(requests[1]!.learned.sort.answers.map(({ text }) => text).sort()).toEqual([
    'account',
    'billing',
    'delivery',
  ]);
});
