import type { RunnableConfig } from '@langchain/core/runnables';
import {
  type Adapter,
  type Candidate,
  type Component,
  type Execution,
  failureKind,
  GepaError,
  type ProgramExample,
  RolloutError,
  type RunContext,
  type Tunable,
} from 'gepa-core';
import {
  packageVersions,
  RolloutImages,
  raceSignal,
  secretsIn,
  seedCandidateOf,
  usageOfSteps,
  withCandidate,
} from 'gepa-core/adapter';
import type { RolloutConfig } from './options.ts';
import { mergeWithAmbient, withHandler } from './program/ambient-config.ts';
import { checkNames } from './program/check-names.ts';
import { discover } from './program/discover.ts';
import { LiveParts } from './program/live-parts.ts';
import { markNode } from './program/mark-node.ts';
import { modelHosts } from './program/model-hosts.ts';
import { modelNames } from './program/model-names.ts';
import { isNode } from './program/node.ts';
import type { PartCopies } from './program/part-copies.ts';
import { programSource } from './program/program-source.ts';
import { mainProgram } from './program/program-with-parts.ts';
import { rewrite } from './program/rewrite.ts';
import { checkpointersOf, inMemory } from './program/rollout-threads.ts';
import { replacingStorage } from './program/storage.ts';
import { splitCandidate } from './program/tunables.ts';
import { walkRuns } from './trace/attribution.ts';
import { ComponentTexts } from './trace/component-texts.ts';
import { toPlain } from './trace/plain.ts';
import { providerFailure } from './trace/provider-failure.ts';
import { watchRequests } from './trace/request-watch.ts';
import { toSteps } from './trace/steps.ts';
import { RolloutTracer } from './trace/tracer.ts';
import { errorMessage } from './util/error-message.ts';
import { memoize } from './util/memoize.ts';

/** The packages whose versions are written to the run directory, if they are installed. */
const PACKAGES = ['gepa-langchain', '@langchain/core', '@langchain/langgraph', 'langchain'];

/** A program: a LangChain runnable, possibly of another installed copy of LangChain. */
export interface Invocable<Input = unknown, Output = unknown> {
  invoke(input: Input, config?: Partial<RunnableConfig>): Promise<Output>;
}

export interface AdapterOptions<Input, Output> {
  readonly program: Invocable<Input, Output>;
  /** The components to optimize. Default: everything found. */
  readonly components?: Readonly<Record<string, Component>>;
  /** The objects that functions of the program call, if `program` contains their texts. */
  readonly parts?: LiveParts;
  /** The tunables among the components. */
  readonly tunables?: readonly Tunable[];
  /** Texts of other tunables, the same in every rollout. */
  readonly boundTexts?: Candidate;
  /**
   * The config of every rollout: callbacks, tags, configurable values. A function returns one config per rollout, for
   * values that rollouts must not share, such as a session. By default every rollout runs in a new thread, which is
   * kept in memory only.
   */
  readonly config?: RolloutConfig | ConfigFunction<Input>;
}

/** How many rewritten programs are cached: the candidates of a generation, their parents, and a margin. */
const programCacheSize = 64;

/**
 * Runs a LangChain program with a candidate. The texts of the program itself are never changed. All callbacks of the
 * caller still fire: those in the program, in `config`, around the call and in the environment. Rollouts have the tag
 * `gepa` and the metadata `gepa_run`, `gepa_iteration`, `gepa_phase`, `gepa_candidate` and `gepa_example`.
 * @throws {CandidateMismatchError} when `components` names a component that the program does not have.
 */
export function createAdapter<Input, Output>(
  options: AdapterOptions<Input, Output>,
): Adapter<ProgramExample<Input>, Output> {
  const { program, tunables = [], boundTexts = {}, parts = new LiveParts() } = options;
  const { components = discover(program).components } = options;
  const names = Object.keys(components);
  const checkpointers = checkpointersOf(program);
  const rewriteWith = (texts: Candidate, savers: ReadonlyMap<object, object>) => {
    const tools = new Map<object, object>();
    const whole = rewrite(program, texts, {
      mark: markNode,
      // A cache would return results of nodes with other texts.
      edits: replacingStorage(({ storage, stored }) =>
        storage === 'cache' ? undefined : (savers.get(stored) ?? stored),
      ),
      tools,
    });
    return { whole, tools };
  };
  const rewrittenProgram = memoize(programCacheSize, (texts) =>
    rewriteWith(JSON.parse(texts) as Candidate, new Map()),
  );
  const split = (candidate: Candidate) =>
    splitCandidate(Object.fromEntries(names.map((name) => [name, candidate[name]!])), tunables);
  const texts = new ComponentTexts(program, components, tunables);
  parts.hook(program, names, {
    mark: markNode,
    edits: replacingStorage(({ stored }) => Object.create(stored)),
  });
  checkNames(program, Object.keys(split(seedCandidateOf(components)).programTexts));

  async function run(
    candidate: Candidate,
    example: ProgramExample<Input>,
    context: RunContext,
  ): Promise<Execution<Output>> {
    let copies: PartCopies | undefined;
    const tracer = new RolloutTracer(context.meter, {
      seeMessages: (lists) => copies?.replaceIn(lists),
      hosts: () => modelHosts(program),
    });
    const thread = crypto.randomUUID();
    const stopWatching = watchRequests();
    const reads = new Set<string>();
    const report = () => {
      tracer.close();
      const toTrace = () => toSteps(tracer.roots, texts.usedIn(candidate, reads));
      // The runs may contain messages that are parts of the program.
      const trace = copies === undefined ? toTrace() : withCandidate({}, toTrace, { copies });
      const unread = texts.unreadIn(reads, trace);
      const images = new RolloutImages(example.input);
      for (const { inputs, outputs } of walkRuns(tracer.roots)) images.add(inputs, outputs);
      return {
        trace,
        usage: usageOfSteps(trace),
        unread: unread.length === 0 ? undefined : unread,
        ...images.found,
      };
    };
    try {
      const { programTexts, tunableTexts } = split(candidate);
      /** Has checkpointers of its own: functions of the program may name the threads that they use. */
      let withOwnThreads: ReturnType<typeof rewriteWith> | undefined;
      const programOf = async (hasOwnThread: boolean) => {
        if (!hasOwnThread || checkpointers.size === 0) return rewrittenProgram(JSON.stringify(programTexts));
        withOwnThreads ??= rewriteWith(programTexts, await inMemory(checkpointers));
        return withOwnThreads;
      };
      const bind = async <Result>(hasOwnThread: boolean, call: (whole: typeof program) => Result) => {
        const { whole, tools } = await programOf(hasOwnThread);
        const bound = { ...boundTexts, ...tunableTexts };
        copies = parts.copiesIn(whole, tools, { ...programTexts, ...bound });
        return withCandidate(bound, () => call(whole), { copies, reads });
      };
      const given =
        typeof options.config === 'function'
          ? await bind(true, () => (options.config as ConfigFunction<Input>)(example, context))
          : options.config;
      const config = rolloutConfig(given, thread, tracer, context);
      // A thread that the caller names may have a history, in the program's own checkpointer.
      const hasOwnThread = config.configurable?.thread_id === thread;
      const output = await raceSignal(config.signal ?? context.signal, () =>
        bind(hasOwnThread, (whole) =>
          withHandler(tracer, () => mainProgram(whole).invoke(example.input, config)),
        ),
      );
      const failure = providerFailure(tracer.roots, tracer.modelErrors);
      if (failure !== undefined) throw failure;
      refuseStream(output);
      return { output, ...report() };
    } catch (thrown) {
      // A failure of the provider may look like one of the program, for example as an answer that cannot be parsed.
      const cause =
        failureKind(thrown) === 'program' && !context.signal.aborted
          ? (providerFailure(tracer.roots, tracer.modelErrors) ?? thrown)
          : thrown;
      throw new RolloutError(errorMessage(cause), { cause, ...report() });
    } finally {
      stopWatching();
    }
  }

  return {
    components,
    models: modelNames(program),
    versions: packageVersions(PACKAGES, thisFile()),
    source: programSource(program),
    metersCalls: true,
    secrets: secretsIn([program, options.config]),
    run,
    // The steps of the trace are plain data already.
    toPlain: ({ input, output, ...rest }) => ({ ...rest, input: toPlain(input), output: toPlain(output) }),
  };
}

type ConfigFunction<Input> = (example: ProgramExample<Input>, context: RunContext) => RolloutConfig;

function rolloutConfig(
  given: RolloutConfig | undefined,
  thread: string,
  tracer: RolloutTracer,
  context: RunContext,
): Partial<RunnableConfig> {
  // Two runs cannot share a run id.
  const { runId: _runId, ...callerConfig } = given ?? {};
  const config = mergeWithAmbient({ configurable: { thread_id: thread } }, callerConfig, {
    signal: context.signal,
    tags: ['gepa'],
    metadata: {
      gepa_run: context.runId,
      gepa_iteration: context.iteration,
      gepa_phase: context.phase,
      ...(context.candidateIndex === undefined ? {} : { gepa_candidate: context.candidateIndex }),
      gepa_example: context.exampleId,
    },
  });
  return { ...config, callbacks: tracer.among(config.callbacks) };
}

function refuseStream(output: unknown): void {
  const fields = isNode(output) ? Object.values(Object.getOwnPropertyDescriptors(output)) : [];
  if ([output, ...fields.map(({ value }) => value)].some(isStream)) {
    throw new GepaError(
      'The program returned a stream, which cannot be scored. Collect the stream in its last step and return the whole output.',
    );
  }
}

function isStream(value: unknown): boolean {
  return isNode(value) && Symbol.asyncIterator in value;
}

/** The build for CommonJS has `__filename` here, which does not exist if a bundler puts that build into an ES module. */
function thisFile(): string | undefined {
  try {
    return import.meta.filename;
  } catch {
    return undefined;
  }
}
