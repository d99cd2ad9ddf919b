import { describe, expect, it, vi } from 'vitest';
import type { ReflectiveRecord } from '../adapter/adapter.ts';
import { ProposerError, type RunError } from '../errors.ts';
import type { LanguageModel } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import type { ProposalRejection } from '../rejection.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { tokenRun } from '../testing/fixtures/token-run.ts';

useFakeTime();

const quick = { minDelayMs: 0, maxDelayMs: 1 };
const failure = (fields: object) => Object.assign(new Error('the model says no'), fields);
const block = (text: string) => `Here it is:\n\`\`\`\n${text}\n\`\`\``;

/** A short run with a reflection model. */
function modelRun(reflectionModel: LanguageModel, overrides: Parameters<typeof tokenRun>[0] = {}) {
  const run = tokenRun({ maxIterations: 5, retry: quick, ...overrides });
  const { propose: _, ...options } = run.options;
  return { ...run, options: { ...options, reflectionModel } };
}

describe('a reflection model', () => {
  it('the reflection model receives the text and the records of the minibatch, and its answer becomes the child', async () => {
    const prompts: string[] = [];
    const run = modelRun(
      async ({ prompt }) => {
        prompts.push(prompt);
        return block('base red green blue round square soft hard old');
      },
      { maxIterations: 1, components: ['prompt'] },
    );
    await optimize(run.options);
    expect(prompts).toHaveLength(1);
    expect(prompts[0]).toContain('base');
    expect(prompts[0]).toContain('missing');
    expect(run.decisions().find(({ type }) => type === 'proposal_evaluated')).toMatchObject({
      texts: { prompt: 'base red green blue round square soft hard old' },
    });
  });

  it('the reflection model is called once for all selected components, and one usable text is enough', async () => {
    const prompts: string[] = [];
    const run = modelRun(
      async ({ prompt }) => {
        prompts.push(prompt);
        return `\`\`\`\`route\nbase red green\n\`\`\`\`\n${prompts.length === 1 ? '````extract\n````' : ''}`;
      },
      { componentSelector: 'all', maxIterations: 1 },
    );
    await optimize(run.options);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain('Answer again with the complete text of "extract" only');
    const child = run.decisions().find((event) => event.type === 'proposal_evaluated');
    expect(child?.texts).toEqual({ route: 'base red green' });
    expect(run.events.find(({ type }) => type === 'reflection_finished')).toMatchObject({
      components: ['extract', 'route'],
      texts: { route: 'base red green' },
      rejected: { extract: { reason: 'empty' } },
    });
  });

  it('a component whose prompt would be too long is asked about in another call', async () => {
    const asked: string[][] = [];
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const run = modelRun(
      async ({ prompt }) => {
        asked.push(names.filter((name) => prompt.includes(`"${name}" is`)));
        expect(prompt.length).toBeLessThan(2_400 + 1_600);
        return '````a\nbase red\n````';
      },
      { components: names, componentSelector: 'all', maxIterations: 1, maxRecordCharacters: 2_400 },
    );
    const { adapter } = run.options;
    const reflectiveRecords = () => [{ Feedback: 'x'.repeat(2_000) }];
    await optimize({ ...run.options, adapter: { ...adapter, reflectiveRecords } });
    expect(asked).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
      ['e', 'f'],
    ]);
  });

  it('components with templates of their own are asked about one by one, unless the template has <answer_info>', async () => {
    const prompts: string[] = [];
    const model: LanguageModel = async ({ prompt }) => {
      prompts.push(prompt);
      return block('base red green blue');
    };
    const template = 'OLD <curr_param> SEEN <side_info>';
    const options = { componentSelector: 'all', maxIterations: 1 } as const;
    await optimize(modelRun(model, { ...options, reflectionPromptTemplate: template }).options);
    expect(prompts).toHaveLength(2);
    prompts.length = 0;
    const slotted = `${template} <answer_info>`;
    await optimize(modelRun(model, { ...options, reflectionPromptTemplate: slotted }).options);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain('No block of the answer has the name');
  });

  it('all reflections wait as long as the server of their model asks one of them to', async () => {
    const wait = 250;
    const requests: number[] = [];
    const { propose: _, ...options } = tokenRun({ maxIterations: 1 }).options;
    await optimize({
      ...options,
      samplingStrategy: { parents: 6, mutations: 1 },
      reflectionConcurrency: 2,
      retry: { minDelayMs: 1 },
      reflectionModel: async () => {
        const number = requests.push(performance.now());
        if (number === 2) {
          const headers = { 'retry-after-ms': String(wait) };
          throw Object.assign(new Error('Too many requests.'), { status: 429, headers });
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
        return `\`\`\`\`\nbase red ${number}\n\`\`\`\``;
      },
    });
    const [, refused, ...later] = requests as [number, number, ...number[]];
    expect(later.length).toBeGreaterThan(2);
    for (const at of later) expect(at - refused).toBeGreaterThanOrEqual(wait);
  });

  it('reflectionConcurrency limits the calls of the reflection model', async () => {
    let open = 0;
    let maxOpen = 0;
    const run = modelRun(
      async () => {
        maxOpen = Math.max(maxOpen, ++open);
        await new Promise(setImmediate);
        open--;
        return block(`base red ${maxOpen}`);
      },
      {
        samplingStrategy: { parents: 6, mutations: 1 },
        maxIterations: 1,
        reflectionConcurrency: 2,
        skipPerfectScore: false,
      },
    );
    await optimize(run.options);
    expect(maxOpen).toBe(2);
  });

  it('after cut-offs in a row the model is no longer asked twice, and the run warns once what to change', async () => {
    let calls = 0;
    const run = modelRun(async () => ({ text: block(`base ${++calls}`), finishReason: 'length' }), {
      maxIterations: 5,
      skipPerfectScore: false,
    });
    const result = await optimize(run.options);
    expect(calls).toBe(2 + 2 + 1 + 1 + 1);
    expect(result.warnings.filter((warning) => warning.includes('maxTokens'))).toHaveLength(1);
  });

  it('a complete answer ends a row of cut-offs', async () => {
    const answers = ['cut', 'cut', 'cut', 'cut', 'whole', 'cut', 'cut'];
    let calls = 0;
    const run = modelRun(
      async () => {
        const finishReason = answers[calls] === 'whole' ? 'stop' : 'length';
        return { text: block(`base red green blue round ${++calls}`), finishReason };
      },
      { maxIterations: 4, skipPerfectScore: false },
    );
    await optimize(run.options);
    expect(calls).toBe(7);
  });

  it('reflectionPromptTemplate replaces the prompt for all components or for one', async () => {
    const prompts: string[] = [];
    const model: LanguageModel = async ({ prompt }) => {
      prompts.push(prompt);
      return block('base');
    };
    await optimize(
      modelRun(model, { reflectionPromptTemplate: 'OLD <curr_param> SEEN <side_info>', maxIterations: 1 })
        .options,
    );
    await optimize(
      modelRun(model, {
        reflectionPromptTemplate: { route: 'ROUTE <curr_param> SEEN <side_info>' },
        maxIterations: 2,
      }).options,
    );
    expect(prompts.map((prompt) => /^\w+/.exec(prompt)![0])).toEqual(['OLD', 'Improve', 'ROUTE']);
    expect(prompts[0]).toContain('OLD base SEEN');
  });

  it.each<[string, ProposalRejection, Awaited<ReturnType<LanguageModel>>, number]>([
    ['cut off by its length', 'cut_off', { text: block('base red'), finishReason: 'length' }, 2],
    ['cut off inside a code block', 'cut_off', 'Sure:\n```\nbase red', 2],
    ['empty', 'empty', block(''), 2],
    ['the current text', 'unchanged', block('base {question}'), 1],
    ['missing a placeholder', 'lost_placeholder', block('base red'), 2],
    ['extended by an unknown placeholder', 'invented_placeholder', block('base {question} {answer}'), 2],
  ])(
    'a reflection answer that is %s is retried once if that may help, then rejected as %s',
    async (_, reason, answer, calls) => {
      const prompts: string[] = [];
      const run = modelRun(
        async ({ prompt }) => {
          prompts.push(prompt);
          return answer;
        },
        { maxIterations: 1 },
      );
      const { adapter } = run.options;
      const components = { prompt: { text: 'base {question}', variables: ['question'] } };
      await optimize({ ...run.options, adapter: { ...adapter, components } });
      expect(prompts).toHaveLength(calls);
      if (calls === 2) expect(prompts[1]).toContain('cannot be used');
      expect(run.decisions().filter((event) => event.type === 'proposal_rejected')).toMatchObject([
        { iteration: 1, task: 0, parent: 0, components: ['prompt'], reason },
      ]);
      expect(
        run.events.some((event) => event.type === 'rollout_finished' && event.phase === 'proposal'),
      ).toBe(false);
    },
  );

  it.each([
    ['status 429', failure({ status: 429 })],
    ['a lost connection', failure({ code: 'ECONNRESET' })],
  ])('a reflection that fails with %s is retried', async (_, error) => {
    let calls = 0;
    const run = modelRun(
      async () => {
        if (calls++ < 2) throw error;
        return block('base red green blue');
      },
      { maxIterations: 1 },
    );
    const result = await optimize(run.options);
    expect(calls).toBe(3);
    expect(result.retries).toBe(2);
    expect(run.events.filter((event) => event.type === 'retried').map(({ what }) => what)).toEqual([
      'reflection',
      'reflection',
    ]);
    expect(run.decisions().some(({ type }) => type === 'proposal_evaluated')).toBe(true);
  });

  it('a reflection model that fails in three consecutive iterations ends the run with a ProposerError and the result', async () => {
    let calls = 0;
    const run = modelRun(
      async () => {
        if (++calls > 2) throw failure({ status: 400 });
        return block(`base red green blue ${calls}`);
      },
      { maxIterations: 50 },
    );
    const error = await optimize(run.options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProposerError);
    expect((error as RunError).message).toContain('the model says no');
    expect((error as RunError).cause).toMatchObject({ status: 400 });
    expect((error as RunError).result).toMatchObject({ stopReason: 'error', iterations: 5 });
    const rejected = run.decisions().filter((event) => event.type === 'proposal_rejected');
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'proposer_failed',
      'proposer_failed',
      'proposer_failed',
    ]);
  });

  it('a reflection model that fails in some iterations does not end the run', async () => {
    let calls = 0;
    const run = modelRun(
      async () => {
        if (++calls % 3 !== 0) throw failure({ status: 400 });
        return block(`base red green blue ${calls}`);
      },
      { maxIterations: 12 },
    );
    expect((await optimize(run.options)).stopReason).toBe('maxIterations');
  });

  it('a reflection model that refuses the key ends the run at once', async () => {
    let calls = 0;
    const run = modelRun(async () => {
      calls++;
      throw failure({ status: 401 });
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'providerUnavailable', iterations: 1, bestIndex: 0 });
    expect(calls).toBe(1);
  });

  it('a reflection that times out is retried', async () => {
    let calls = 0;
    const run = modelRun(
      () => (calls++ === 0 ? new Promise(() => {}) : Promise.resolve(block('base red green'))),
      { rolloutTimeoutMs: 15, maxIterations: 1 },
    );
    expect((await optimize(run.options)).retries).toBe(1);
  });
});

describe('a custom proposer', () => {
  it('a custom proposer receives the candidate, the components and a record for every rollout', async () => {
    let received:
      | { components: readonly string[]; records: Readonly<Record<string, readonly ReflectiveRecord[]>> }
      | undefined;
    const run = tokenRun({
      maxIterations: 1,
      componentSelector: 'all',
      propose: async (request) => {
        expect(request.signal).toBeInstanceOf(AbortSignal);
        expect(request.candidate).toEqual({ extract: 'base', route: 'base' });
        received = request;
        return {};
      },
    });
    await optimize(run.options);
    expect(received!.components).toEqual(['extract', 'route']);
    expect(Object.values(received!.records).map((records) => records.length)).toEqual([3, 3]);
  });

  it('a custom proposer may omit components, and other components that it returns are ignored', async () => {
    const run = tokenRun({
      maxIterations: 1,
      componentSelector: () => ['route'],
      propose: async () => ({ extract: 'not selected', route: 'base red green blue' }),
    });
    await optimize(run.options);
    expect(run.decisions().find((event) => event.type === 'proposal_evaluated')?.texts).toEqual({
      route: 'base red green blue',
    });
  });

  it.each([
    ['a text', 'base red', 'The proposer returned a string. Return an object of new texts by component.'],
    ['nothing', undefined, 'The proposer returned nothing. Return an object of new texts by component.'],
    [
      'a text for an unknown component',
      { rout: 'base red' },
      'The proposer returned a text for "rout", which is no component. The requested ones are',
    ],
  ])(
    'a custom proposer that returns %s fails with an error that says what to return',
    async (_, returned, message) => {
      const run = tokenRun({ propose: async () => returned as never });
      await expect(optimize(run.options)).rejects.toThrow(message);
    },
  );

  it.each([
    ['nothing', undefined, 'returned undefined'],
    ['an object without a text', { content: 'base red' }, 'returned an object without `text`'],
  ])('a reflection model that returns %s ends the run after one call', async (_, answer, message) => {
    const model = vi.fn(async () => answer as never);
    const { propose: _propose, ...options } = tokenRun().options;
    const run = optimize({ ...options, reflectionModel: model });
    await expect(run).rejects.toThrow(ProposerError);
    await expect(run).rejects.toThrow(message);
    expect(model).toHaveBeenCalledTimes(1);
  });

  it('a custom proposer cannot change the texts of its parent', async () => {
    const run = tokenRun({
      maxIterations: 1,
      propose: async ({ parent }) => {
        (parent.texts as Record<string, string>).route = 'changed';
        return {};
      },
    });
    const { candidates } = await optimize(run.options);
    expect(candidates[0]?.texts.route).not.toBe('changed');
    expect(run.decisions().find((event) => event.type === 'proposal_rejected')?.reason).toBe(
      'proposer_failed',
    );
  });

  it('the texts of a custom proposer are checked like those of a model', async () => {
    const run = tokenRun({ maxIterations: 1, propose: async () => ({ prompt: '  ' }) });
    const components = { prompt: { text: 'base' } };
    await optimize({ ...run.options, adapter: { ...run.options.adapter, components } });
    expect(run.decisions().find((event) => event.type === 'proposal_rejected')?.reason).toBe('empty');
  });

  it('the proposer of the adapter is used if there is no reflection model', async () => {
    const { propose, ...options } = tokenRun({ maxIterations: 3 }).options;
    const result = await optimize({ ...options, adapter: { ...options.adapter, propose: propose! } });
    expect(result.candidates.length).toBeGreaterThan(1);
  });

  it('a custom proposer that throws a string counts as failed', async () => {
    const run = tokenRun({ propose: () => Promise.reject('out of ideas') });
    await expect(optimize(run.options)).rejects.toThrow('out of ideas');
  });
});
