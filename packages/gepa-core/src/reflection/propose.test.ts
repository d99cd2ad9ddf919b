import { describe, expect, it } from 'vitest';
import type { ReflectiveRecord } from '../adapter/adapter.ts';
import { ProposerError, type RunError } from '../errors.ts';
import type { ProposalRejection } from '../events.ts';
import type { LanguageModel } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import { tokenRun } from '../testing/fixtures/token-run.ts';

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
  it('is shown the text and the records of the minibatch, and its answer becomes the child', async () => {
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

  it('is asked for every chosen component at once, and one usable answer is enough', async () => {
    let open = 0;
    let most = 0;
    const run = modelRun(
      async ({ prompt }) => {
        most = Math.max(most, ++open);
        await new Promise(setImmediate);
        open--;
        return prompt.includes('"extract"') ? block('') : block('base red green');
      },
      { componentSelector: 'all', maxIterations: 1 },
    );
    await optimize(run.options);
    expect(most).toBe(2);
    const child = run.decisions().find((event) => event.type === 'proposal_evaluated');
    expect(child?.texts).toEqual({ route: 'base red green' });
  });

  it('may be given a prompt of the caller, for all or for one', async () => {
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
    expect(prompts.map((prompt) => /^\w+/.exec(prompt)![0])).toEqual(['OLD', 'You', 'ROUTE']);
    expect(prompts[0]).toContain('OLD base SEEN');
  });

  it.each<[string, ProposalRejection, Awaited<ReturnType<LanguageModel>>, number]>([
    ['cut off by its length', 'cut_off', { text: block('base red'), finishReason: 'length' }, 2],
    ['cut off in mid-fence', 'cut_off', 'Sure:\n```\nbase red', 2],
    ['empty', 'empty', block(''), 2],
    ['the old text', 'unchanged', block('base {question}'), 1],
    ['without a placeholder', 'lost_placeholder', block('base red'), 2],
    ['with a placeholder of its own', 'invented_placeholder', block('base {question} {answer}'), 2],
  ])(
    'whose answer is %s is told so and asked once more; then the proposal is rejected (%s)',
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

  it.each([failure({ status: 429 }), failure({ code: 'ECONNRESET' })])(
    'that is busy is asked again',
    async (error) => {
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
    },
  );

  it('that fails three iterations in a row ends the run, with what was found', async () => {
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

  it('that fails now and then does not', async () => {
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

  it('that refuses the key ends the run at once', async () => {
    let calls = 0;
    const run = modelRun(async () => {
      calls++;
      throw failure({ status: 401 });
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'providerUnavailable', iterations: 1, bestIndex: 0 });
    expect(calls).toBe(1);
  });

  it('that does not answer in time is asked again', async () => {
    let calls = 0;
    const run = modelRun(
      () => (calls++ === 0 ? new Promise(() => {}) : Promise.resolve(block('base red green'))),
      { rolloutTimeoutMs: 15, maxIterations: 1 },
    );
    expect((await optimize(run.options)).retries).toBe(1);
  });
});

describe('a proposer of the caller', () => {
  it('is given candidate, components and a record for every rollout', async () => {
    let asked:
      | { components: readonly string[]; records: Readonly<Record<string, readonly ReflectiveRecord[]>> }
      | undefined;
    const run = tokenRun({
      maxIterations: 1,
      componentSelector: 'all',
      propose: async (request) => {
        expect(request.signal).toBeInstanceOf(AbortSignal);
        expect(request.candidate).toEqual({ extract: 'base', route: 'base' });
        asked = request;
        return {};
      },
    });
    await optimize(run.options);
    expect(asked!.components).toEqual(['extract', 'route']);
    expect(Object.values(asked!.records).map((records) => records.length)).toEqual([3, 3]);
  });

  it('may leave components out and may not bring others in', async () => {
    const run = tokenRun({
      maxIterations: 1,
      componentSelector: () => ['route'],
      propose: async () => ({ extract: 'uninvited', nowhere: 'x', route: 'base red green blue' }),
    });
    await optimize(run.options);
    expect(run.decisions().find((event) => event.type === 'proposal_evaluated')?.texts).toEqual({
      route: 'base red green blue',
    });
  });

  it('must keep the contract of a component', async () => {
    const run = tokenRun({ maxIterations: 1, propose: async () => ({ prompt: '  ' }) });
    const components = { prompt: { text: 'base' } };
    await optimize({ ...run.options, adapter: { ...run.options.adapter, components } });
    expect(run.decisions().find((event) => event.type === 'proposal_rejected')?.reason).toBe('empty');
  });

  it('of the adapter is used where there is no model', async () => {
    const { propose, ...options } = tokenRun({ maxIterations: 3 }).options;
    const result = await optimize({ ...options, adapter: { ...options.adapter, propose: propose! } });
    expect(result.candidates.length).toBeGreaterThan(1);
  });

  it('that throws something other than an error counts as failed', async () => {
    const run = tokenRun({ propose: () => Promise.reject('out of ideas') });
    await expect(optimize(run.options)).rejects.toThrow('out of ideas');
  });
});
