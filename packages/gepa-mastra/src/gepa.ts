import type { AgentInstructions } from '@mastra/core/agent';
import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { Dataset } from '@mastra/core/datasets';
import {
  type Candidate,
  type Compiled,
  type CompileOptions,
  type ComponentSelectionOptions,
  type EstimateOptions,
  NoComponentsError,
  OptionsError,
  type ProgramExample,
  type RunEstimate,
  type SelectedName,
  type Target,
  type Tunable,
} from 'gepa-core';
import { checkOptionNames, createTarget, withAbsoluteRunDir } from 'gepa-core/adapter';
import { type AgentOutput, createAdapter, mastraOf, type RunConfig } from './adapter.ts';
import { type Draft, type DraftOptions, saveDrafts } from './compiled/drafts.ts';
import { type ExperimentOptions, RolloutLog, recordExperiment } from './compiled/experiment.ts';
import { type Undo, writeBack } from './compiled/write-back.ts';
import { freshRequestContext, type MastraExample, type RequestContextValues } from './data/example.ts';
import { fromModel, type ReflectionModel } from './language-model.ts';
import { derive } from './program/derive.ts';
import { discover } from './program/discover.ts';
import type { Skipped } from './program/discovery.ts';
import { isAgent, isWorkflow, type Program, typeName, type WorkflowLike } from './program/program.ts';
import { agentsInCarriedWorkflows } from './program/workflow-tools.ts';
import { wantsGroundTruth } from './scorers/from-scorers.ts';
import { withScoresOnTraces } from './trace/observability.ts';

/** What may be said about an agent or a workflow. */
export interface GepaOptions extends ComponentSelectionOptions {
  /** Whether the descriptions of tools, of their inputs' fields and of sub-agents may change too. Default: `false`. */
  readonly tools?: boolean;
  /** What dynamic instructions are asked with, now and in every rollout; an example's own entries win. */
  readonly requestContext?: RequestContextValues;
  /**
   * Passed to `agent.generate` on every rollout, over the agent's default options: `structuredOutput`, `maxSteps`,
   * `modelSettings`. A function makes them for each rollout. A workflow's agents keep those of their steps.
   */
  readonly config?: RunConfig | ((example: ProgramExample) => RunConfig);
  /**
   * Workflows that the agents carry as tools: the agents in them are optimized too. Mastra tells of them only
   * asynchronously: `await agent.listWorkflows()`.
   */
  readonly workflows?: Readonly<Record<string, WorkflowLike>>;
  /** Instructions to start from, by component name, where only an asynchronous function could tell them. */
  readonly texts?: Readonly<Record<string, AgentInstructions>>;
  /** Texts inside the program's functions, made with `tunable` of gepa-core. */
  readonly tunables?: readonly Tunable[];
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
  : AgentOutput<ObjectOf<Options>>;
/** What `config` asks for as structured output. */
type ObjectOf<Options> = Options extends {
  readonly config: Made<{
    readonly structuredOutput: {
      readonly schema: {
        readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
      };
    };
  }>;
}
  ? Output
  : unknown;
type Made<Value> = Value | ((...args: never) => Value);

/** An agent or a workflow whose texts can be optimized. */
export interface MastraTarget<Program, Name extends string = string, Options = GepaOptions>
  extends Omit<
    Target<Program, InputOf<Program>, OutputOf<Program, Options>, Name, ReflectionModel>,
    'compile' | 'estimate'
  > {
  /**
   * What was passed over, with the reason and what would make it reachable. Agents inside an agent's workflows that were
   * not given by the option `workflows` join it a moment later, since Mastra tells of them only asynchronously.
   */
  readonly skipped: readonly Skipped[];
  /**
   * Optimizes the texts.
   *
   * @throws {OptionsError} before anything is spent.
   * @throws {RunError} when the run cannot go on; its `result` holds what was found so far.
   */
  compile<Example extends MastraExample<InputOf<Program>>>(
    options: CompileOptions<Example, OutputOf<Program, Options>, Name, ReflectionModel>,
  ): Promise<MastraCompiled<Program, Name>>;
  /**
   * Says before `compile` with the same options what it will take. Nothing is spent unless `measure` is set.
   *
   * @throws {OptionsError} with every problem of the options.
   * @throws {SeedError} when the program was to be measured and could not be run.
   */
  estimate<Example extends MastraExample<InputOf<Program>>>(
    options: CompileOptions<Example, OutputOf<Program, Options>, Name, ReflectionModel>,
    how?: EstimateOptions,
  ): Promise<RunEstimate>;
}

/** What `compile` gives back. */
export interface MastraCompiled<Program, Name extends string = string> extends Compiled<Program, Name> {
  /**
   * Puts the best texts on the live program, for everybody who uses it, until the process ends. The function it gives
   * back puts the former ones back.
   */
  writeBack(): Undo;
  /**
   * Saves the best texts as draft versions in the editor of the Mastra instance, with the scores in their message, and
   * publishes them only when told to.
   *
   * @throws {GepaError} when there is no editor, or the agents' `editor` settings forbid it.
   */
  saveDrafts(options?: DraftOptions): Promise<readonly Draft[]>;
  /**
   * Writes the scores as an experiment on the Mastra dataset that the testset (or, without one, the valset) came from.
   *
   * @throws {OptionsError} when the examples did not come from a dataset.
   */
  recordExperiment(dataset: Dataset, options?: ExperimentOptions): Promise<{ readonly experimentId: string }>;
}

/**
 * Finds the texts of a Mastra agent, with its sub-agents, or of a workflow with agents for steps. The program itself is
 * not changed, unless `writeBack` is called.
 *
 * @throws {NoComponentsError} when there is no text to optimize; the message says what was looked at.
 * @throws {OptionsError} when it is no agent or workflow, or an option names what is not there.
 */
export function gepa<Source extends Program, const Options extends GepaOptions = GepaOptions>(
  program: Source,
  options?: Options,
): MastraTarget<Source, SelectedName<Options>, Options> {
  type Input = InputOf<Source>;
  type Output = OutputOf<Source, Options>;
  type Name = SelectedName<Options>;
  if (!isAgent(program) && !isWorkflow(program)) {
    throw new OptionsError([
      `gepa() takes an Agent or a workflow of @mastra/core, but it was given ${typeName(program)}. Of a durable agent, give the agent it wraps.`,
    ]);
  }
  checkOptionNames(options ?? {}, optionNames);
  const {
    tools = false,
    requestContext,
    config,
    workflows = {},
    texts = {},
    tunables = [],
    ...selection
  } = options ?? ({} as Options);
  const look = () =>
    discover(program, {
      tools,
      requestContext: freshRequestContext(requestContext),
      workflows,
      texts,
      tunables,
    });
  const discovery = look();
  const { components } = discovery;
  const skipped = [...discovery.skipped];
  const carried = agentsInCarriedWorkflows(discovery, freshRequestContext(requestContext)).then((found) =>
    skipped.push(...found),
  );
  // Told by `compile`, which waits for it; nobody else has to.
  carried.catch(() => {});
  if (Object.keys(components).length === 0) {
    const passed = skipped.map(({ location, reason, hint }) => `\n- ${location}: ${reason} ${hint}`).join('');
    throw new NoComponentsError(`There is no text to optimize in ${program.id}.${passed}`);
  }
  const { rename } = selection as ComponentSelectionOptions;
  const textsOf = new WeakMap<object, Candidate>();
  const targetWith = (log: RolloutLog) =>
    createTarget<Source, Input, Output, Name, ReflectionModel>(
      {
        components,
        apply: (candidate) => {
          const derived = derive(program, { discovery, texts: candidate });
          textsOf.set(derived, candidate);
          return derived;
        },
        adapter: (selected) =>
          createAdapter<Input, Output>({
            program,
            components: selected,
            discovery,
            log,
            ...(requestContext === undefined ? {} : { requestContext }),
            ...(config === undefined ? {} : { config }),
          }),
        languageModel: fromModel,
      },
      selection as ComponentSelectionOptions,
    );
  return {
    ...targetWith(new RolloutLog()),
    skipped,
    async estimate(options, how) {
      checkGroundTruth(options);
      await carried;
      return targetWith(new RolloutLog()).estimate(options, how);
    },
    async compile(given) {
      const options = withAbsoluteRunDir(given);
      checkGroundTruth(options);
      await carried;
      const log = new RolloutLog();
      const metric = withScoresOnTraces(options.metric, mastraOf(program, discovery));
      const compiled = await targetWith(log).compile({ ...options, metric });
      const texts = textsOf.get(compiled.program) ?? {};
      return {
        ...compiled,
        writeBack: () => writeBack(discovery, texts, look().agents),
        saveDrafts: (draft) =>
          saveDrafts(discovery, texts, compiled.result, freshRequestContext(requestContext), draft),
        recordExperiment: (dataset, experiment) =>
          recordExperiment(
            dataset,
            {
              log,
              result: compiled.result,
              testset: options.testset as readonly object[] | undefined,
              valset: (options.valset ?? options.trainset) as readonly object[],
              foundTexts: (candidate) => renamedBack(candidate, rename),
            },
            experiment,
          ),
      };
    },
  };
}

const optionNames = [
  'tools',
  'requestContext',
  'config',
  'workflows',
  'texts',
  'tunables',
  'include',
  'exclude',
  'rename',
] satisfies (keyof GepaOptions)[];

/** A candidate under the names that were found. */
function renamedBack(candidate: Candidate, rename: Readonly<Record<string, string>> = {}): Candidate {
  const foundNames = new Map(Object.entries(rename).map(([found, name]) => [name, found]));
  return Object.fromEntries(
    Object.entries(candidate).map(([name, text]) => [foundNames.get(name) ?? name, text]),
  );
}

/** @throws {OptionsError} when the metric needs expected values that are not there. */
function checkGroundTruth(options: {
  readonly metric: unknown;
  readonly trainset: readonly ProgramExample[];
  readonly valset?: readonly ProgramExample[];
  readonly testset?: readonly ProgramExample[];
}): void {
  if (!wantsGroundTruth(options.metric)) return;
  const problems = (['trainset', 'valset', 'testset'] as const).flatMap((set) => {
    const lacking = (options[set] ?? []).filter((example) => example?.expected === undefined).length;
    return lacking === 0
      ? []
      : [
          `${lacking} of the ${options[set]!.length} examples of the ${set} have no \`expected\`, which a scorer needs.`,
        ];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}
