import type { Adapter } from '../adapter/adapter.ts';
import type { Step } from '../adapter/trace.ts';
import { type Candidate, type Component, seedCandidateOf } from '../component.ts';
import { type EstimateOptions, estimate, type RunEstimate } from '../estimate/estimate.ts';
import type { LanguageModel } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import type { AdapterOptions, SearchOptions } from '../options/options.ts';
import { diffCandidates } from '../report/diff.ts';
import type { OptimizationResult } from '../result.ts';
import { checkExamples } from './check-examples.ts';
import {
  checkedCandidate,
  parseSavedCandidate,
  readSavedCandidate,
  type SavedCandidate,
  savedCandidate,
  textsFor,
  writeSavedCandidate,
} from './saved-candidate.ts';
import { type ComponentSelectionOptions, selectComponents } from './select-components.ts';
import { foundCandidate, publicComponents, selectionAdapter } from './selection-adapter.ts';

/** An example for a program of a framework: `input` goes to the program as it is. */
export interface ProgramExample<Input = unknown, Expected = unknown> {
  readonly input: Input;
  /** What the metric compares with. */
  readonly expected?: Expected;
  readonly id?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What a framework package knows of a program; `createTarget` makes the rest of it. */
export interface TargetBinding<Program, Input, Output, Model> {
  /** Everything that was found. */
  readonly components: Readonly<Record<string, Component>>;
  /** A new program with the texts; the program itself is not touched. A component left out keeps its text. */
  readonly apply: (candidate: Candidate) => Program;
  /** Runs the program with other texts of these components. */
  readonly adapter: (
    components: Readonly<Record<string, Component>>,
  ) => Adapter<ProgramExample<Input>, Output, readonly Step[]>;
  readonly languageModel: (model: Model) => LanguageModel;
}

/** What `compile` may be told. */
export type CompileOptions<Example, Output, Name extends string, Model> = SearchOptions<
  Example,
  Output,
  readonly Step[],
  Name,
  Model
>;

/** A program whose texts can be optimized. */
export interface Target<Program, Input, Output, Name extends string, Model> {
  /** What can be optimized, by name. */
  readonly components: Readonly<Record<Name, Component>>;
  /**
   * Optimizes the texts.
   *
   * @throws {OptionsError} before anything is spent.
   * @throws {RunError} when the run cannot go on; its `result` holds what was found so far.
   */
  compile<Example extends ProgramExample<Input>>(
    options: CompileOptions<Example, Output, Name, Model>,
  ): Promise<Compiled<Program, Name>>;
  /**
   * Says before `compile` with the same options what it will take. Nothing is spent unless `measure` is set.
   *
   * @throws {OptionsError} with every problem of the options.
   * @throws {SeedError} when the program was to be measured and could not be run.
   */
  estimate<Example extends ProgramExample<Input>>(
    options: CompileOptions<Example, Output, Name, Model>,
    how?: EstimateOptions,
  ): Promise<RunEstimate>;
  /**
   * A new program with a candidate's texts.
   *
   * @throws {CandidateMismatchError} when names are missing or unknown.
   */
  apply(candidate: Readonly<Record<Name, string>>): Program;
  /**
   * A new program with saved texts, from a file or from what `toJSON` gave.
   *
   * @throws {CandidateMismatchError} when the texts do not fit the program's components, or when the program's own
   * text of one has changed since (see `ifChanged`).
   * @throws {FileFormatError} when it is no saved candidate.
   */
  load(saved: string | SavedCandidate, options?: { readonly ifChanged?: 'refuse' | 'apply' }): Program;
}

/** What `compile` gives back. */
export interface Compiled<Program, Name extends string = string> {
  /** The same kind of thing as went in, with the best texts. */
  readonly program: Program;
  readonly result: OptimizationResult<Name>;
  /** Writes the best texts to a small JSON file, for `target.load`. */
  save(path: string): void;
  toJSON(): SavedCandidate;
  /** Every prompt that changed, for people. */
  diff(): string;
}

/**
 * Gives a framework's binding the verbs that all targets share.
 *
 * @throws {OptionsError} when the selection names what is not there.
 */
export function createTarget<Program, Input, Output, Name extends string, Model>(
  binding: TargetBinding<Program, Input, Output, Model>,
  selection: ComponentSelectionOptions,
): Target<Program, Input, Output, Name, Model> {
  const selected = selectComponents(binding.components, selection);
  const components = publicComponents<Name>(selected);
  const apply = (candidate: Candidate<Name>) => binding.apply(foundCandidate(selected, candidate));
  /** The options for the engine, with an adapter of their own. */
  const withAdapter = <Example extends ProgramExample<Input>>({
    reflectionModel,
    ...options
  }: CompileOptions<Example, Output, Name, Model>): AdapterOptions<
    Example,
    Output,
    readonly Step[],
    Name
  > => {
    checkExamples(options);
    const found = Object.fromEntries(selected.map(({ foundName, component }) => [foundName, component]));
    return {
      ...options,
      ...(reflectionModel === undefined ? {} : { reflectionModel: binding.languageModel(reflectionModel) }),
      adapter: selectionAdapter(binding.adapter(found), selected),
    };
  };
  return {
    components,
    apply: (candidate) => apply(checkedCandidate(components, candidate)),
    async compile<Example extends ProgramExample<Input>>(
      options: CompileOptions<Example, Output, Name, Model>,
    ) {
      const result = await optimize(withAdapter(options));
      return compiled(seedCandidateOf(components), result, apply(result.bestCandidate));
    },
    async estimate<Example extends ProgramExample<Input>>(
      options: CompileOptions<Example, Output, Name, Model>,
      how?: EstimateOptions,
    ) {
      const settings = withAdapter(options);
      try {
        return await estimate(settings, how);
      } finally {
        await settings.adapter.close?.().catch(() => {});
      }
    },
    load(saved, { ifChanged = 'refuse' } = {}) {
      const contents =
        typeof saved === 'string' ? readSavedCandidate(saved) : parseSavedCandidate(saved, 'The object');
      return apply(textsFor(components, contents, ifChanged));
    },
  };
}

function compiled<Program, Name extends string>(
  seed: Candidate<Name>,
  result: OptimizationResult<Name>,
  program: Program,
): Compiled<Program, Name> {
  const { seedScore, bestScore, bestCandidate, test } = result;
  const toJSON = () =>
    savedCandidate({
      texts: { ...bestCandidate },
      original: { ...seed },
      scores: {
        validation: { seed: seedScore, best: bestScore },
        ...(test === undefined
          ? {}
          : {
              test: {
                size: test.size,
                seed: test.seedScore,
                best: test.bestScore,
                interval: [test.interval[0], test.interval[1]],
              },
            }),
      },
    });
  return {
    program,
    result,
    toJSON,
    save: (path) => writeSavedCandidate(path, toJSON()),
    diff: () => diffCandidates(seed, bestCandidate),
  };
}
