import type { Adapter } from '../adapter/adapter.ts';
import type { Step } from '../adapter/trace.ts';
import { checkArgument, checkOptions } from '../check-options.ts';
import { type Candidate, type Component, seedCandidateOf } from '../component.ts';
import { type EstimateOptions, estimate, type RunEstimate } from '../estimate/estimate.ts';
import { type EvaluationOptions, evaluate } from '../evaluate/evaluate.ts';
import type { EvaluationReport } from '../evaluate/evaluation-report.ts';
import { anObject, aWholeNumber } from '../kinds.ts';
import type { LanguageModel } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import type { AdapterOptions, SearchOptions } from '../options/options.ts';
import { diffCandidates } from '../report/diff.ts';
import { describeResult, inspectable } from '../report/inspect.ts';
import type { OptimizationResult } from '../result.ts';
import { rememberOriginals } from '../saved/originals.ts';
import { checkCandidate, type SavedCandidate, writeSavedCandidate } from '../saved/saved-candidate.ts';
import { checkExamples } from './check-examples.ts';
import { withDeclaredVariables } from './declared-variables.ts';
import { loadKinds, loadProgram, type ProgramTexts } from './load-program.ts';
import { type RunInputs, savedResult } from './provenance.ts';
import { type ComponentSelectionOptions, selectComponents } from './select-components.ts';
import { foundCandidate, publicComponents, selectionAdapter } from './selection-adapter.ts';
import { asServable } from './served-target.ts';

/** An example for a framework's program. `input` is passed to the program unchanged. */
export interface ProgramExample<Input = unknown, Expected = unknown> {
  readonly input: Input;
  /** The expected output, for the metric. */
  readonly expected?: Expected | undefined;
  readonly id?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** The part of a target that a framework package implements; `createTarget` adds the rest. */
export interface TargetBinding<Program, Input, Output, Model> extends ProgramTexts<Program> {
  /** An adapter that runs the program with candidates of these components. */
  readonly adapter: (
    components: Readonly<Record<string, Component>>,
  ) => Adapter<ProgramExample<Input>, Output, readonly Step[]>;
  readonly languageModel: (model: Model) => LanguageModel;
}

/** Options for `compile`. */
export type CompileOptions<Example, Output, Name extends string, Model> = SearchOptions<
  Example,
  Output,
  readonly Step[],
  Name,
  Model
>;

/** A program with components that can be optimized. */
export interface Target<Program, Input, Output, Name extends string, Model> {
  /** The components to optimize, by name. */
  readonly components: Readonly<Record<Name, Component>>;
  /**
   * Optimizes the components' texts.
   *
   * @throws {OptionsError} on invalid options, before the first call.
   * @throws {RunDirectoryError} when the `runDir` cannot be used, before the first call.
   * @throws {FileAccessError} when the `report` cannot be written, before the first call.
   * @throws {RunError} when the run cannot continue; its `result` has everything measured so far.
   */
  compile<Example extends ProgramExample<Input>>(
    options: CompileOptions<Example, Output, Name, Model>,
  ): Promise<Compiled<Program, Name>>;
  /**
   * Scores the program as it is, or several candidates (saved files, texts), on examples. See `evaluate`.
   *
   * @throws {OptionsError} on invalid options, before the first call.
   * @throws {CandidateMismatchError} when a candidate does not fit the program, before the first call.
   * @throws {RunError} when the evaluation cannot go on, for example on an invalid score.
   */
  evaluate<Example extends ProgramExample<Input>, Names extends string = 'seed'>(
    options: EvaluationOptions<Example, Output, readonly Step[], Name, Names>,
  ): Promise<EvaluationReport<Names, Name, Output>>;
  /**
   * Predicts the calls, tokens, cost and time of `compile` with the same options. Makes no calls unless `measure` is
   * set.
   *
   * @throws {OptionsError} on invalid options.
   * @throws {SeedError} when `measure` is set and the program fails.
   */
  estimate<Example extends ProgramExample<Input>>(
    options: CompileOptions<Example, Output, Name, Model>,
    how?: EstimateOptions,
  ): Promise<RunEstimate>;
  /**
   * Returns a new program with a candidate's texts.
   *
   * @throws {CandidateMismatchError} when names are missing or unknown.
   * @throws {OptionsError} when the candidate is not an object.
   */
  apply(candidate: Readonly<Record<Name, string>>): Program;
  /**
   * Returns a new program with a saved candidate's texts.
   *
   * @param saved The path of a file, or the object that `toJSON` returned.
   * @throws {CandidateMismatchError} when the candidate does not fit the program's components. Also when the program's
   * own text of a component has changed since it was optimized, unless `ifChanged` is `'apply'`. Default: `'refuse'`.
   * @throws {FileAccessError} when a file cannot be read.
   * @throws {FileFormatError} when `saved` is not a saved candidate.
   * @throws {OptionsError} on invalid options.
   */
  load(saved: string | SavedCandidate, options?: { readonly ifChanged?: 'refuse' | 'apply' }): Program;
}

/** Options for `save`. */
export interface SaveOptions {
  /** The number of a candidate: its index in `result.candidates`. Default: the candidate of `program`. */
  readonly candidate?: number | undefined;
}

/** The result of `compile`. */
export interface Compiled<Program, Name extends string = string> {
  /**
   * A program of the same type as the original, with the best candidate's texts. With the seed's texts if the testset scores
   * the best candidate lower, unless `onRegression` is `'keepBest'`.
   */
  readonly program: Program;
  readonly result: OptimizationResult<Name>;
  /**
   * Writes the texts of `program`, or of another candidate, to a small JSON file, for `target.load`.
   *
   * @throws {FileAccessError} when the file cannot be written.
   * @throws {OptionsError} when there is no such candidate, or `path` is not a path.
   */
  save(path: string, options?: SaveOptions): void;
  /** The contents of the file that `save` writes, for `target.load`. */
  toJSON(): SavedCandidate;
  /** A readable diff of every component that changed. */
  diff(): string;
}

/**
 * Makes a target from a framework's binding.
 *
 * @throws {OptionsError} when the selection names a component that does not exist.
 */
export function createTarget<Program, Input, Output, Name extends string, Model>(
  binding: TargetBinding<Program, Input, Output, Model>,
  selection: ComponentSelectionOptions,
): Target<Program, Input, Output, Name, Model> {
  const found = withDeclaredVariables(binding.components, selection.variables);
  const selected = selectComponents(found, selection);
  const components = publicComponents<Name>(selected);
  const seed = seedCandidateOf(components);
  const apply = (candidate: Candidate<Name>) => {
    rememberOriginals(seed, candidate);
    return binding.apply(foundCandidate(selected, candidate));
  };
  const newAdapter = <Example extends ProgramExample<Input>>() => {
    const chosen = Object.fromEntries(selected.map(({ foundName, component }) => [foundName, component]));
    return selectionAdapter<Example, Output, Name>(binding.adapter(chosen), selected);
  };
  const adapterOptions = <Example extends ProgramExample<Input>>({
    reflectionModel,
    ...options
  }: CompileOptions<Example, Output, Name, Model>): AdapterOptions<
    Example,
    Output,
    readonly Step[],
    Name
  > => {
    checkExamples(options);
    return {
      ...options,
      reflectionModel: reflectionModel === undefined ? undefined : binding.languageModel(reflectionModel),
      adapter: newAdapter<Example>(),
    };
  };
  const target: Target<Program, Input, Output, Name, Model> = {
    components,
    apply(candidate) {
      checkArgument('The candidate', candidate, anObject);
      return apply(checkCandidate(components, candidate));
    },
    async compile<Example extends ProgramExample<Input>>(
      options: CompileOptions<Example, Output, Name, Model>,
    ) {
      const inputs = adapterOptions(options);
      const result = await optimize(inputs);
      return compiled(seed, result, apply(result.bestCandidate), inputs);
    },
    async evaluate<Example extends ProgramExample<Input>, Names extends string = 'seed'>(
      options: EvaluationOptions<Example, Output, readonly Step[], Name, Names>,
    ) {
      checkExamples(options);
      return evaluate<Example, Output, readonly Step[], Name, Names>({
        ...options,
        adapter: newAdapter<Example>(),
      });
    },
    async estimate<Example extends ProgramExample<Input>>(
      options: CompileOptions<Example, Output, Name, Model>,
      how?: EstimateOptions,
    ) {
      const settings = adapterOptions(options);
      try {
        return await estimate(settings, how);
      } finally {
        await settings.adapter.close?.().catch(() => {});
      }
    },
    load(saved, options = {}) {
      checkOptions(options, { ifChanged: loadKinds.ifChanged });
      return loadProgram({ ...binding, components: found }, saved, { ...selection, ...options });
    },
  };
  return asServable(target, { adapter: newAdapter });
}

function compiled<Program, Name extends string>(
  seed: Candidate<Name>,
  result: OptimizationResult<Name>,
  program: Program,
  inputs: RunInputs,
): Compiled<Program, Name> {
  const date = new Date().toISOString();
  const { bestIndex } = result;
  const saved = (index: number) => savedResult(seed, result, inputs, { date, index });
  const toJSON = () => saved(bestIndex);
  return inspectable<Compiled<Program, Name>>(
    {
      program,
      result,
      toJSON,
      save(path, options = {}) {
        checkOptions(options, { candidate: aWholeNumber });
        writeSavedCandidate(path, saved(options.candidate ?? bestIndex));
      },
      diff: () => diffCandidates(seed, result.bestCandidate),
    },
    () => `Compiled { program, save(), toJSON(), diff(), result: ${describeResult(result)} }`,
  );
}
