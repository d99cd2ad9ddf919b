import type { RunnableConfig } from '@langchain/core/runnables';
import {
  type Adapter,
  type Candidate,
  type Component,
  type Execution,
  GepaError,
  type ProgramExample,
  RolloutError,
  type RunContext,
  type Tunable,
} from 'gepa-core';
import { raceSignal, seedCandidateOf, usageOfSteps, withCandidate } from 'gepa-core/adapter';
import { mergeWithAmbient, withHandler } from './ambient.ts';
import { discover } from './program/discover.ts';
import { modelNames } from './program/model-names.ts';
import { isNode } from './program/node.ts';
import { rewrite } from './program/rewrite.ts';
import { survey } from './program/survey.ts';
import { recent } from './recent.ts';
import { RolloutThreads } from './rollout-threads.ts';
import { type LooseText, RolloutTracer, reflectiveRecords, toPlain, toSteps } from './trace/index.ts';
import { splitCandidate } from './tunables.ts';

/** A program: a LangChain runnable, of whatever copy of LangChain. */
export interface Invocable<Input = unknown, Output = unknown> {
  invoke(input: Input, config?: Partial<RunnableConfig>): Promise<Output>;
}

export interface AdapterOptions<Input, Output> {
  readonly program: Invocable<Input, Output>;
  /** What may change. Default: everything `discover` finds. */
  readonly components?: Readonly<Record<string, Component>>;
  /** Those of the components that live inside functions. */
  readonly tunables?: readonly Tunable[];
  /** Texts for other tunables, the same in every rollout. */
  readonly carried?: Candidate;
  /**
   * Passed to the program on every rollout: callbacks, tags, configurable values. A function makes one for each
   * rollout, for what must not be shared, such as a session. Every rollout has a thread of its own without it, which
   * is kept in memory only.
   */
  readonly config?:
    | RunnableConfig
    | ((example: ProgramExample<Input>, context: RunContext) => RunnableConfig);
}

/** Rewritten programs kept: the candidates of a generation, their parents, and some to spare. */
const programsKept = 64;

/**
 * Lets the engine run a LangChain program with other texts. The program itself is never changed, and the caller's
 * callbacks, those in the program, in `config`, around the call and in the environment, are called as ever. Rollouts
 * carry the tag `gepa` and the metadata `gepa_run`, `gepa_iteration`, `gepa_phase`, `gepa_candidate` and
 * `gepa_example`.
 * @throws CandidateMismatchError when `components` names what the program does not have.
 */
export function createAdapter<Input, Output>(
  options: AdapterOptions<Input, Output>,
): Adapter<ProgramExample<Input>, Output> {
  const { program, components = discover(program).components, tunables = [], carried = {} } = options;
  const names = Object.keys(components);
  const { sites, checkpointers } = survey(program);
  const threads = new RolloutThreads(checkpointers);
  const rewritten = recent(programsKept, async (key) => {
    const { texts, isApart } = JSON.parse(key) as ProgramKey;
    return rewrite(program, texts, {
      mark: true,
      withoutCaches: true,
      ...(isApart ? { checkpointers: await threads.savers() } : {}),
    });
  });
  const split = (candidate: Candidate) =>
    splitCandidate(Object.fromEntries(names.map((name) => [name, candidate[name]!])), tunables);
  const traced = new Set(sites.flatMap(({ name, traced }) => (traced ? [name] : [])));
  const looseTexts = (candidate: Candidate): LooseText[] =>
    names
      .filter((name) => !traced.has(name))
      .map((name) => ({
        component: name,
        text: candidate[name]!,
        variables: components[name]!.variables ?? [],
      }));
  rewrite(program, split(seedCandidateOf(components)).own); // Refuses components the program does not have.

  async function run(
    candidate: Candidate,
    example: ProgramExample<Input>,
    context: RunContext,
  ): Promise<Execution<Output>> {
    const tracer = new RolloutTracer(context.meter);
    const thread = crypto.randomUUID();
    const report = () => {
      tracer.close();
      const trace = toSteps(tracer.roots, looseTexts(candidate));
      return { trace, usage: usageOfSteps(trace) };
    };
    try {
      const given = typeof options.config === 'function' ? options.config(example, context) : options.config;
      const config = rolloutConfig(given, thread, tracer, context);
      const { own: texts, tuned } = split(candidate);
      // A thread that the caller names may be one with a past.
      const key: ProgramKey = { texts, isApart: config.configurable?.thread_id === thread };
      const candidateProgram = await rewritten(JSON.stringify(key));
      const call = () => withHandler(tracer, () => candidateProgram.invoke(example.input, config));
      const output = await raceSignal(config.signal ?? context.signal, () =>
        withCandidate({ ...carried, ...tuned }, call),
      );
      refuseStream(output);
      return { output, ...report() };
    } catch (cause) {
      throw new RolloutError(cause instanceof Error ? cause.message : String(cause), { cause, ...report() });
    } finally {
      await threads.forget(thread);
    }
  }

  return {
    components,
    models: modelNames(program),
    metersCalls: true,
    run,
    reflectiveRecords,
    // Steps are plain already.
    toPlain: ({ output, ...rest }) => (output === undefined ? rest : { ...rest, output: toPlain(output) }),
  };
}

interface ProgramKey {
  readonly texts: Candidate;
  /** Whether its threads are kept apart from those of the program. */
  readonly isApart: boolean;
}

function rolloutConfig(
  given: RunnableConfig | undefined,
  thread: string,
  tracer: RolloutTracer,
  context: RunContext,
): Partial<RunnableConfig> {
  // A run id is good for one run only.
  const { runId: _runId, ...own } = given ?? {};
  const config = mergeWithAmbient({ configurable: { thread_id: thread } }, own, {
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
      'The program returned a stream, which cannot be scored. Let its last step gather the stream and return the whole.',
    );
  }
}

function isStream(value: unknown): boolean {
  return isNode(value) && Symbol.asyncIterator in value;
}
