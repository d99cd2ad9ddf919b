import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { Dataset } from '@mastra/core/datasets';
import type {
  Candidate,
  Compiled,
  CompileOptions,
  ComponentSelectionOptions,
  EstimateOptions,
  EvaluationOptions,
  EvaluationReport,
  Metric,
  ProgramExample,
  RunEstimate,
  SelectedName,
  Step,
  Target,
} from 'gepa-core';
import { asServable, checkOptions, createTarget, servedParts, withAbsoluteRunDir } from 'gepa-core/adapter';
import { createAdapter, mastraOf } from './adapter.ts';
import { type Draft, type DraftOptions, saveDrafts } from './compiled/drafts.ts';
import { type ExperimentOptions, recordExperiment } from './compiled/experiment.ts';
import { RolloutLog } from './compiled/rollout-log.ts';
import { type Undo, writeBack } from './compiled/write-back.ts';
import type { MastraExample } from './data/example.ts';
import { findTexts, optionKinds, type TextOptions } from './find-texts.ts';
import { fromModel, type ReflectionModel } from './language-model.ts';
import { checkDefaultInstructions, replacedForAllRequests } from './program/asynchronous-instructions.ts';
import { allExamples, checkMastraExamples, type ExampleSets } from './program/check-examples.ts';
import { checkToolMocks } from './program/check-mocks.ts';
import type { Discovery, SkippedPart } from './program/discovery.ts';
import { hookTools, type NamedTools, functionTools as toolsOfFunctions } from './program/function-tools.ts';
import { hookParts } from './program/parts.ts';
import type { Program } from './program/program.ts';
import { freshRequestContext } from './program/request-context.ts';
import { explained, type Skipped } from './program/skip-reasons.ts';
import { skippedParts } from './program/skipped-parts.ts';
import { skippedWorkflowTools } from './program/workflow-tools.ts';
import { processorAgents } from './recording/processor-agents.ts';
import { recordClassifiers } from './recording/record-classifiers.ts';
import { type AgentOutput, checkConfig, type RunConfig } from './run-program.ts';
import { checkGroundTruth } from './scorers/ground-truth.ts';
import { withScoresOnTraces } from './trace/observability.ts';
import { scoresOf } from './trace/scorer-scores.ts';

/** Options for `gepa`. */
export interface GepaOptions extends TextOptions {
  /**
   * Options for `agent.generate` in every rollout, for example `structuredOutput`, `maxSteps` or `modelSettings`; they
   * override the agent's default options. A function is called for each rollout. Not used for workflows. With
   * `tools: true`, the descriptions of its `toolsets` and `clientTools` are components too, unless it is a function.
   */
  readonly config?: RunConfig | ((example: ProgramExample) => RunConfig) | undefined;
}

type InputOf<Program> = Program extends {
  readonly inputSchema: {
    readonly '~standard': { readonly types?: { readonly input: infer Input } | undefined };
  };
}
  ? Input
  : MessageListInput;
type OutputOf<Program, Options> = Program extends {
  readonly outputSchema: {
    readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
  };
}
  ? Output
  : AgentOutput<ObjectOf<Program, Options>>;
/** The type of the structured output that `config` or the agent's default options set. */
type ObjectOf<Program, Options> = Options extends {
  readonly config: ValueOrFunction<{
    readonly structuredOutput: {
      readonly schema: {
        readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
      };
    };
  }>;
}
  ? Output
  : Program extends { getDefaultOptions(...args: never): infer Defaults }
    ? Awaited<Defaults> extends {
        readonly structuredOutput: {
          readonly schema: {
            readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
          };
        };
      }
      ? Output
      : unknown
    : unknown;
type ValueOrFunction<Value> = Value | ((...args: never) => Value);

/** An agent or a workflow with its components. */
export interface MastraTarget<Program, Name extends string = string, Options = GepaOptions>
  extends Omit<
    Target<Program, InputOf<Program>, OutputOf<Program, Options>, Name, ReflectionModel>,
    'compile' | 'estimate' | 'evaluate'
  > {
  /**
   * The parts that cannot be optimized, each with a reason and a hint. Agents in workflows that are missing from the
   * option `workflows` are added asynchronously, before `compile` and `estimate` start.
   */
  readonly skipped: readonly Skipped[];
  /**
   * Ends the effect of the option `parts`: calls of the parts go to the live objects again, also within programs that this
   * target has returned. Without `parts`, this does nothing.
   */
  dispose(): void;
  /**
   * Optimizes the components.
   *
   * @throws {OptionsError} before any paid call.
   * @throws {RunError} when the run cannot continue; its `result` is the result so far.
   */
  compile<Example extends MastraExample<InputOf<Program>>>(
    options: CompileOptions<Example, OutputOf<Program, Options>, Name, ReflectionModel>,
  ): Promise<MastraCompiled<Program, Name>>;
  /**
   * Scores the program as it is, or several candidates (saved files, texts), on examples. Scores are not added to traces.
   *
   * @throws {OptionsError} before any paid call.
   * @throws {CandidateMismatchError} when a candidate does not fit the program, before any paid call.
   * @throws {RunError} when the evaluation cannot go on, for example on an invalid score.
   */
  evaluate<Example extends MastraExample<InputOf<Program>>, Names extends string = 'seed'>(
    options: EvaluationOptions<Example, OutputOf<Program, Options>, readonly Step[], Name, Names>,
  ): Promise<EvaluationReport<Names, Name, OutputOf<Program, Options>>>;
  /**
   * Estimates the calls, cost and time of `compile` with the same options. Makes no paid call unless `measure` is set.
   *
   * @throws {OptionsError} with every problem of the options.
   * @throws {SeedError} when `measure` is set and the program cannot be run.
   */
  estimate<Example extends MastraExample<InputOf<Program>>>(
    options: CompileOptions<Example, OutputOf<Program, Options>, Name, ReflectionModel>,
    estimateOptions?: EstimateOptions,
  ): Promise<RunEstimate>;
}

/** The result of `compile`. */
export interface MastraCompiled<Program, Name extends string = string> extends Compiled<Program, Name> {
  /**
   * Changes the texts of the live program to the best ones, for all its users in this process. Returns a function that
   * restores the original texts.
   *
   * @throws {GepaError} before any change, when a text cannot be written back.
   */
  writeBack(): Undo;
  /**
   * Saves the best texts as draft versions in the editor of the Mastra instance, with the scores in their change message.
   *
   * @throws {GepaError} when there is no editor, or the agents' `editor` settings forbid it.
   */
  saveDrafts(options?: DraftOptions): Promise<readonly Draft[]>;
  /**
   * Records the scores as an experiment on the Mastra dataset of the testset, or of the valset without a testset.
   *
   * @throws {OptionsError} when the examples are not from a dataset.
   */
  recordExperiment(dataset: Dataset, options?: ExperimentOptions): Promise<{ readonly experimentId: string }>;
}

/**
 * Finds the components of a Mastra agent and its sub-agents, or of a workflow with agents as steps. The program is not
 * changed unless `writeBack` is called.
 *
 * @throws {NoComponentsError} when there is no text to optimize; the message lists what was skipped.
 * @throws {OptionsError} when `program` is not an agent or workflow, or an option is invalid.
 */
export function gepa<Source extends Program, const Options extends GepaOptions = GepaOptions>(
  program: Source,
  options?: Options,
): MastraTarget<Source, SelectedName<Options>, Options> {
  type Input = InputOf<Source>;
  type Output = OutputOf<Source, Options>;
  type Name = SelectedName<Options>;
  checkOptions(options ?? {}, optionKinds);
  if (typeof options?.config === 'object') checkConfig(options.config);
  const { tools, requestContext, config, workflows, texts, tunables, parts, ...selection } =
    options ?? ({} as Options);
  const { components, discovery, discoverAgain, apply, dispose } = findTexts(
    program,
    options ?? {},
    (skipped, whole) => explained(whole === undefined ? skipped : skippedParts(whole)),
  );
  const functionTools = toolsOfFunctions(discovery, mastraOf(program, discovery));
  let unhookForRollouts: (() => void) | undefined;
  const inProgram = [...skippedParts(discovery), ...durableParts(program, discovery, tunables)];
  const skipped = [...explained(inProgram)];
  /** With the agents of processors, which only rollouts use, and what is skipped as far as warnings need it. */
  let discoveryOfRollouts: Discovery = { ...discovery, skipped: inProgram };
  const ready = Promise.all([
    skippedWorkflowTools(discovery, freshRequestContext(requestContext)),
    replacedForAllRequests(discovery, texts ?? {}, freshRequestContext(requestContext)),
    processorAgents(discovery, freshRequestContext(requestContext)),
    recordClassifiers(),
  ]).then(([inWorkflows, replaced, agents]) => {
    const isPart = new Set<object>(discovery.parts.map(({ live }) => live));
    skipped.push(...inWorkflows, ...explained(replaced));
    discoveryOfRollouts = {
      ...discovery,
      parts: [
        ...discovery.parts,
        ...agents.filter((agent) => !isPart.has(agent)).map((agent) => ({ live: agent, present: agent })),
      ],
      skipped: [...inProgram, ...replaced],
    };
  });
  // `compile` and `estimate` await it and report its error.
  ready.catch(() => {});
  const checkExamples = async (options: ExampleSets & Parameters<typeof checkGroundTruth>[0]) => {
    checkGroundTruth(options);
    checkMastraExamples(program, options, requestContext);
    await ready;
    const searched = withFoundNames(served.components, rename);
    await checkDefaultInstructions(discovery, searched, texts ?? {}, freshRequestContext(requestContext));
    await checkToolMocks(program, allExamples(options), { discovery, tools: functionTools, config });
  };
  const { rename } = selection as ComponentSelectionOptions;
  /** The candidate of each applied program, under the component names before `rename`. */
  const candidateOf = new WeakMap<object, Candidate>();
  const targetWith = (log: RolloutLog) =>
    createTarget<Source, Input, Output, Name, ReflectionModel>(
      {
        components,
        apply: (candidate) => {
          const derived = apply(candidate);
          candidateOf.set(derived, candidate);
          return derived;
        },
        adapter: (selected) => {
          unhookForRollouts ??= hookForRollouts(functionTools, discoveryOfRollouts);
          return createAdapter<Input, Output>({
            program,
            components: selected,
            discovery: discoveryOfRollouts,
            tools: functionTools,
            log,
            requestContext,
            config,
          });
        },
        languageModel: fromModel,
      },
      selection as ComponentSelectionOptions,
    );
  const served = targetWith(new RolloutLog());
  const target: MastraTarget<Source, Name, Options> = {
    ...served,
    skipped,
    dispose() {
      dispose();
      unhookForRollouts?.();
      unhookForRollouts = undefined;
    },
    async evaluate(evaluationOptions) {
      const options = withAbsoluteRunDir(evaluationOptions);
      await checkExamples(options);
      return targetWith(new RolloutLog()).evaluate(options);
    },
    async estimate(options, estimateOptions) {
      await checkExamples(options);
      return targetWith(new RolloutLog()).estimate(options, estimateOptions);
    },
    async compile(compileOptions) {
      const options = withAbsoluteRunDir(compileOptions);
      await checkExamples(options);
      const log = new RolloutLog();
      const scored = withScoresOnTraces(options.metric, mastraOf(program, discovery));
      const logged: typeof scored = async (args) => {
        const result = await scored(args);
        log.scored(withFoundNames(args.candidate ?? {}, rename), args.example, scoresOf(result));
        return result;
      };
      // Run directories and workers recognize a metric by its source.
      const metric = Object.assign(logged, { toString: () => String(scored) });
      const compiled = await targetWith(log).compile({ ...options, metric });
      const candidate = candidateOf.get(compiled.program) ?? {};
      const more: Omit<MastraCompiled<Program, string>, keyof typeof compiled> = {
        writeBack: () => writeBack(discovery, candidate, discoverAgain().agents),
        saveDrafts: (draftOptions) =>
          saveDrafts(
            discovery,
            candidate,
            compiled.result,
            freshRequestContext(requestContext),
            draftOptions,
          ),
        recordExperiment: (dataset, experimentOptions) =>
          recordExperiment(
            dataset,
            {
              log,
              program,
              mastra: mastraOf(program, discovery),
              result: compiled.result,
              testset: options.testset as readonly object[] | undefined,
              valset: (options.valset ?? options.trainset) as readonly object[],
              foundCandidate: (renamed) => withFoundNames(renamed, rename),
            },
            experimentOptions,
          ),
      };
      // Not a copy, which would print as a plain object.
      return Object.assign(compiled, more);
    },
  };
  return asServable(target, {
    ...servedParts(served),
    metric: (metric) =>
      withScoresOnTraces(metric as Metric<unknown, unknown>, mastraOf(program, discovery)) as typeof metric,
  });
}

/** Mastra registers a durable agent as one that does not call the run methods of the program. */
function durableParts(
  program: Program,
  { parts }: Discovery,
  tunables: readonly unknown[] = [],
): readonly SkippedPart[] {
  const { durable } = program as { readonly durable?: unknown };
  if (!durable || parts.length + tunables.length === 0) return [];
  return [{ location: `agent ${program.id}, durable`, why: { kind: 'durable' } }];
}

function hookForRollouts(tools: NamedTools, discovery: Discovery): () => void {
  const undos = [hookTools(tools), hookParts(discovery, ['getMemory'])];
  return () => {
    for (const undo of undos) undo();
  };
}

/** A candidate or components under the component names before `rename`. */
function withFoundNames<Value>(
  named: Readonly<Record<string, Value>>,
  rename: Readonly<Record<string, string>> = {},
): Readonly<Record<string, Value>> {
  const foundNames = new Map(Object.entries(rename).map(([found, name]) => [name, found]));
  return Object.fromEntries(
    Object.entries(named).map(([name, value]) => [foundNames.get(name) ?? name, value]),
  );
}
