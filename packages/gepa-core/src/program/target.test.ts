import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Candidate } from '../component.ts';
import {
  CandidateMismatchError,
  FileAccessError,
  FileFormatError,
  GepaError,
  OptionsError,
  RolloutError,
} from '../errors.ts';
import type { LanguageModel } from '../language-model.ts';
import { loadProgram } from './load-program.ts';
import type { ComponentSelectionOptions } from './select-components.ts';
import { createTarget, type TargetBinding } from './target.ts';

/** A program with two components. It returns the first text followed by the input in capitals. */
interface Shouter {
  readonly texts: Candidate<'first' | 'second'>;
}
type Binding = TargetBinding<Shouter, string, string, LanguageModel>;

const original: Shouter = { texts: { first: 'one', second: 'two' } };
const components = { first: { text: 'one' }, second: { text: 'two' } };

function shouter(selection: ComponentSelectionOptions = {}, overrides: Partial<Binding> = {}) {
  const seen: { candidate: Candidate; components: readonly string[] }[] = [];
  const binding: Binding = {
    components,
    apply: (candidate) => ({ texts: { ...original.texts, ...candidate } }),
    adapter: (chosen) => ({
      components: chosen,
      async run(candidate, { input }) {
        seen.push({ candidate, components: Object.keys(chosen) });
        if (input === 'fail') {
          throw new RolloutError('half way', {
            cause: new Error('x'),
            trace: [{ kind: 'prompt', name: 'p', components: ['first'] }],
          });
        }
        const trace = [
          {
            kind: 'prompt' as const,
            name: 'p',
            components: ['second', 'first'],
            children: [{ kind: 'model' as const, name: 'm', components: ['first'] }],
          },
        ];
        return { output: `${candidate.first ?? 'one'} ${input.toUpperCase()}`, trace };
      },
    }),
    languageModel: (model) => model,
    ...overrides,
  };
  return { seen, target: createTarget<Shouter, string, string, string, LanguageModel>(binding, selection) };
}

const compileOptions = {
  componentSelector: 'round_robin' as const,
  trainset: [{ input: 'a' }, { input: 'b' }],
  metric: ({ output }: { output: string }) => output.startsWith('better'),
  reflectionModel: async () => '```\nbetter\n```',
  maxIterations: 2,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gepa-target-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('compile', () => {
  it('compile returns a program with the best texts and does not change the original', async () => {
    const { target } = shouter({ include: ['first'] });
    const compiled = await target.compile(compileOptions);
    expect(compiled.program.texts).toEqual({ first: 'better', second: 'two' });
    expect(compiled.result).toMatchObject({ bestScore: 1, seedScore: 0, bestCandidate: { first: 'better' } });
    expect(compiled.diff()).toContain('better');
    expect(original.texts).toEqual({ first: 'one', second: 'two' });
  });

  it("compile asks the adapter's own proposer, under public names", async () => {
    const adapter: Binding['adapter'] = (chosen) => ({
      components: chosen,
      run: async (candidate, { input }) => ({ output: `${candidate.first} ${input}` }),
      propose: async ({ components }) =>
        Object.fromEntries(components.map((name) => [name, `better ${name}`])),
    });
    const { target } = shouter({ include: ['first'], rename: { first: 'opening' } }, { adapter });
    const { reflectionModel: _, ...options } = compileOptions;
    const compiled = await target.compile(options);
    expect(compiled.program.texts.first).toBe('better opening');
  });

  it('compile uses public names in results and traces, and found names when it runs the program', async () => {
    const traces: unknown[] = [];
    const { target, seen } = shouter({ include: ['first'], rename: { first: 'opening' } });
    expect(Object.keys(target.components)).toEqual(['opening']);
    const compiled = await target.compile({
      ...compileOptions,
      metric: (args) => {
        traces.push(args.trace);
        return compileOptions.metric(args);
      },
      reflectionPromptTemplate: { opening: '<curr_param> <side_info>' },
    });
    expect(compiled.program.texts.first).toBe('better');
    expect(compiled.result.bestCandidate).toEqual({ opening: 'better' });
    expect(seen[0]).toEqual({ candidate: { first: 'one' }, components: ['first'] });
    expect(traces[0]).toEqual([
      {
        kind: 'prompt',
        name: 'p',
        components: ['opening'],
        children: [{ kind: 'model', name: 'm', components: ['opening'] }],
      },
    ]);
  });

  it('compile uses public names in the trace of a failed rollout', async () => {
    let shown = '';
    const { target } = shouter({ include: ['first'], rename: { first: 'opening' } });
    await target.compile({
      ...compileOptions,
      trainset: [{ input: 'fail' }, { input: 'hello' }],
      reflectionModel: async ({ prompt }) => {
        shown = prompt;
        return '```\nbetter\n```';
      },
      maxIterations: 1,
    });
    expect(shown).toContain('"opening"');
    expect(shown).toContain('half way');
  });

  it('compile closes the adapter', async () => {
    let closed = 0;
    const adapter: Binding['adapter'] = (chosen) => ({
      components: chosen,
      run: async () => ({ output: '' }),
      close: async () => {
        closed++;
      },
    });
    await shouter({}, { adapter }).target.compile(compileOptions);
    expect(closed).toBe(1);
  });
});

describe('estimate', () => {
  it('estimate predicts what compile needs and runs nothing without measure', async () => {
    const { target, seen } = shouter({ include: ['first'] });
    const estimated = await target.estimate(compileOptions);
    expect(estimated).toMatchObject({ endsBy: 'maxIterations', iterations: { expected: 2, worst: 2 } });
    expect(seen).toEqual([]);
    const { result } = await target.compile(compileOptions);
    expect(result.totalMetricCalls).toBeLessThanOrEqual(estimated.metricCalls.worst);
  });

  it('estimate with measure runs the seed candidate once and closes the adapter', async () => {
    let closed = 0;
    const { target, seen } = shouter({ rename: { first: 'opening' } });
    const measured = await target.estimate(compileOptions, { measure: true });
    expect(seen).toEqual([{ candidate: { first: 'one', second: 'two' }, components: ['first', 'second'] }]);
    expect(measured.measured).toMatchObject({ score: 0 });
    const adapter: Binding['adapter'] = (chosen) => ({
      components: chosen,
      run: async () => ({ output: '' }),
      close: async () => {
        closed++;
      },
    });
    await shouter({}, { adapter }).target.estimate(compileOptions);
    expect(closed).toBe(1);
  });

  it('estimate rejects the options that compile rejects', async () => {
    const { maxIterations, ...unbounded } = compileOptions;
    expect(maxIterations).toBeDefined();
    await expect(shouter().target.estimate(unbounded)).rejects.toThrow(OptionsError);
    const examples = [{ question: 'a' }] as unknown as { input: string }[];
    await expect(shouter().target.estimate({ ...compileOptions, trainset: examples })).rejects.toThrow(
      OptionsError,
    );
  });
});

describe('apply', () => {
  it('apply returns a program with the texts of the candidate', () => {
    const { target } = shouter({ rename: { first: 'opening' } });
    expect(target.apply({ opening: 'x', second: 'y' }).texts).toEqual({ first: 'x', second: 'y' });
  });

  it.each([
    [{ first: 'x' }, { missing: ['second'], unknown: [] }],
    [
      { first: 'x', second: 'y', third: 'z' },
      { missing: [], unknown: ['third'] },
    ],
    [
      { first: 'x', secnd: 'y' },
      { missing: ['second'], unknown: ['secnd'] },
    ],
  ])('apply refuses the candidate %j and names the missing and unknown components', (candidate, names) => {
    const apply = () => shouter().target.apply(candidate as Candidate);
    expect(apply).toThrow(CandidateMismatchError);
    expect(apply).toThrow(expect.objectContaining(names));
    expect(apply).toThrow('components are first, second');
  });
});

describe('save and load', () => {
  const compiled = () => shouter().target.compile({ ...compileOptions, testset: [{ input: 'c' }] });

  it('a saved candidate loads from its file and from toJSON, and save leaves no other file', async () => {
    const own = join(folder, 'round-trip');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(own);
    const done = await compiled();
    const path = join(own, 'shouter.gepa.json');
    done.save(path);
    done.save(path);
    expect(readdirSync(own)).toEqual(['shouter.gepa.json']);
    expect(shouter().target.load(path)).toEqual(done.program);
    expect(shouter().target.load(done.toJSON())).toEqual(done.program);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      format: 'gepa-candidate',
      version: 1,
      original: { first: 'one', second: 'two' },
      texts: done.result.bestCandidate,
      scores: { validation: { seed: 0, best: 1 }, test: { size: 1, seed: 0, best: 1 } },
    });
    done.save(path, { candidate: 0 });
    expect(shouter().target.load(path)).toEqual(shouter().target.apply({ first: 'one', second: 'two' }));
    expect(() => done.save(path, { candidate: 99 })).toThrow('There is no candidate 99');
  });

  it.each<[string, string, string]>([
    [
      'of another version',
      '{"format":"gepa-candidate","version":2}',
      'version 2 of the format "gepa-candidate"; this package reads version 1',
    ],
    ['of another format', '{"format":"notes"}', 'is not a saved candidate: format'],
    ['that contains an array', '[1]', 'is not a saved candidate'],
    ['that contains null', 'null', 'is not a saved candidate'],
    ['that is not JSON', '{', 'is not valid JSON'],
  ])('load refuses a file %s', (name, text, words) => {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, text);
    expect(() => shouter().target.load(path)).toThrow(FileFormatError);
    expect(() => shouter().target.load(path)).toThrow(words);
  });

  it('load refuses a saved text whose component is not selected, and names it', async () => {
    const saved = (await compiled()).toJSON();
    const { target } = shouter({ include: ['first'] });
    expect(() => target.load(saved)).toThrow(expect.objectContaining({ unknown: ['second'] }));
  });

  it("load refuses to overwrite a change of the program's own text, unless ifChanged is 'apply'", async () => {
    const saved = (await compiled()).toJSON();
    const { target } = shouter(
      {},
      { components: { first: { text: 'one, revised' }, second: { text: 'two' } } },
    );
    expect(() => target.load(saved)).toThrow(expect.objectContaining({ changed: ['first'] }));
    expect(() => target.load(saved)).toThrow("ifChanged: 'apply'");
    expect(target.load(saved, { ifChanged: 'apply' }).texts.first).toBe(saved.texts.first);
  });

  it.each([
    [{ ifChanged: 'appl' }, `The option "ifChanged" must be 'refuse' or 'apply' (got "appl").`],
    [{ ifChanged: true }, `must be 'refuse' or 'apply' (got true)`],
    [{ ifChanged: null }, `must be 'refuse' or 'apply' (got null)`],
    [{ ifchanged: 'apply' }, 'did you mean "ifChanged"?'],
    [{ include: ['first'] }, 'There is no option "include".'],
    ['apply', 'The options must be an object (got "apply").'],
    [true, 'The options must be an object (got true).'],
  ])('load refuses the options %j', async (options, words) => {
    const saved = (await compiled()).toJSON();
    const changed = { components: { first: { text: 'one, revised' }, second: { text: 'two' } } };
    const load = () => shouter({}, changed).target.load(saved, options as never);
    expect(load).toThrow(OptionsError);
    expect(load).toThrow(words);
  });

  it.each(['appl', true, null, 'APPLY', 0])('loadProgram refuses ifChanged: %j', async (ifChanged) => {
    const saved = (await compiled()).toJSON();
    const texts = { components, apply: (candidate: Candidate) => candidate };
    const load = () => loadProgram(texts, saved, { ifChanged } as never);
    expect(load).toThrow(OptionsError);
    expect(load).toThrow("must be 'refuse' or 'apply'");
  });

  it.each<[unknown, unknown, string]>([
    ['', undefined, 'The path must be a text that is not empty (got "").'],
    [5, undefined, 'The path must be a text that is not empty (got 5).'],
    ['c.json', 3, 'The options must be an object (got 3).'],
    ['c.json', { candidat: 3 }, 'did you mean "candidate"?'],
    ['c.json', { candidate: '1' }, 'The option "candidate" must be a whole number (got "1").'],
    ['c.json', { candidate: 'length' }, 'The option "candidate" must be a whole number'],
  ])('save refuses %j with the options %j, and writes nothing', async (name, options, words) => {
    const done = await compiled();
    const before = readdirSync(folder);
    const path = name === 'c.json' ? join(folder, name) : name;
    const save = () => done.save(path as string, options as never);
    expect(save).toThrow(OptionsError);
    expect(save).toThrow(words);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each([undefined, null, 'one', ['one']])('apply refuses %j as a candidate', (candidate) => {
    expect(() => shouter().target.apply(candidate as never)).toThrow(OptionsError);
    expect(() => shouter().target.apply(candidate as never)).toThrow('The candidate must be an object');
  });

  it('a run that scored nothing is saved without validation scores, and the file loads', async () => {
    const controller = new AbortController();
    const { target } = shouter(
      {},
      {
        adapter: (chosen) => ({
          components: chosen,
          run: () => {
            controller.abort();
            return new Promise(() => {});
          },
        }),
      },
    );
    const done = await target.compile({ ...compileOptions, signal: controller.signal });
    const path = join(folder, 'unscored.json');
    done.save(path);
    const { scores, provenance } = JSON.parse(readFileSync(path, 'utf8'));
    expect(scores).toEqual({});
    expect(provenance).toMatchObject({ candidate: 0, metricCalls: 0 });
    expect(provenance).not.toHaveProperty('validation');
    expect(target.load(path).texts).toEqual(original.texts);
  });

  it('load refuses an empty path', () => {
    expect(() => shouter().target.load('')).toThrow(FileAccessError);
    expect(() => shouter().target.load('')).toThrow('The saved candidate "" cannot be read');
  });

  it('toJSON returns a copy: changing it does not change the result', async () => {
    const done = await compiled();
    const saved = done.toJSON();
    saved.texts.first = 'vandalized';
    expect(done.result.bestCandidate.first).not.toBe('vandalized');
    expect(done.toJSON().texts.first).not.toBe('vandalized');
  });

  it('isInstance recognizes FileFormatError and its parent class only', () => {
    const error = new FileFormatError('x');
    expect(GepaError.isInstance(error)).toBe(true);
    expect(FileFormatError.isInstance(error)).toBe(true);
    expect(CandidateMismatchError.isInstance(error)).toBe(false);
    expect(GepaError.isInstance(new Error('x'))).toBe(false);
    expect(GepaError.isInstance(undefined)).toBe(false);
  });
});
