import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { Mastra } from '@mastra/core/mastra';
import type { AnyWorkflow } from '@mastra/core/workflows';
import {
  type Adapter,
  type Candidate,
  type Component,
  type Execution,
  failureKind,
  OptionsError,
  type ProgramExample,
  RolloutError,
  type RunContext,
} from 'gepa-core';
import { modelCallError, packageVersions, raceSignal, usageOfSteps, walkSteps } from 'gepa-core/adapter';
import type { RolloutLog } from './compiled/rollout-log.ts';
import type { MastraExample } from './data/example.ts';
import { deriveProgram } from './program/derive-program.ts';
import type { Discovery } from './program/discovery.ts';
import type { NamedTools } from './program/function-tools.ts';
import { modelNames } from './program/model-names.ts';
import { modelSecrets } from './program/model-secrets.ts';
import { isAgent, type Program } from './program/program.ts';
import { programSource } from './program/program-source.ts';
import { freshRequestContext, type RequestContextValues } from './program/request-context.ts';
import { skipWarnings } from './program/skip-reasons.ts';
import { SuspensionError } from './program/suspension.ts';
import { toolMocksOf } from './program/tool-mocks.ts';
import { classifyModelError } from './program/unusable-model.ts';
import { recordingOf } from './recording/rollout-recording.ts';
import {
  checkConfig,
  type RunConfig,
  type RunOptions,
  resumeDataOf,
  runAgent,
  runWorkflow,
} from './run-program.ts';
import { collectSpans, startRolloutSpan } from './trace/observability.ts';
import { Recorder } from './trace/recorder.ts';
import { attachDetails, type RolloutDetails } from './trace/rollout-details.ts';

/** The packages whose versions are written to the run directory. */
const PACKAGES = ['gepa-mastra', '@mastra/core'];

export interface AdapterOptions<Example> {
  readonly program: Program;
  /** The components to optimize. */
  readonly components: Readonly<Record<string, Component>>;
  readonly discovery: Discovery;
  /** The tools that functions of the program may execute. */
  readonly tools?: NamedTools;
  /** Receives the outcome of every rollout. */
  readonly log?: RolloutLog;
  readonly requestContext?: RequestContextValues;
  readonly config?: RunConfig | ((example: Example) => RunConfig);
}

/**
 * Runs an agent or a workflow with a candidate. Each rollout runs its own copy; the original program is never changed.
 */
export function createAdapter<Input, Output>(
  options: AdapterOptions<MastraExample<Input>>,
): Adapter<ProgramExample<Input>, Output> {
  const { program, components, discovery, tools = [] } = options;
  const mastra = mastraOf(program, discovery);

  async function run(
    candidate: Candidate,
    example: MastraExample<Input>,
    context: RunContext,
  ): Promise<Execution<Output>> {
    const mocks = toolMocksOf(example);
    mocks?.know(tools);
    const recorder = new Recorder(context.meter, mocks, {
      input: example.input,
      isResumable: resumeDataOf(example) !== undefined,
    });
    const requestContext = freshRequestContext(options.requestContext, example.requestContext);
    const span = startRolloutSpan(mastra, program.id, example.input, requestContext, context);
    const collected = collectSpans(mastra, span, requestContext);
    const runOptions: RunOptions = {
      requestContext,
      signal: mocks === undefined ? context.signal : AbortSignal.any([context.signal, mocks.signal]),
      ...(span === undefined ? {} : { tracingContext: { currentSpan: span } }),
    };
    const closeTrace = (details: Partial<RolloutDetails> = {}) => {
      recorder.close(context.signal.aborted);
      collected.end();
      const { steps, reads } = recorder;
      const all = [...walkSteps(steps)];
      for (const { components } of all) for (const name of components ?? []) reads.add(name);
      // Without a model call, for example because a processor blocks the input, no instructions were read.
      const searched = all.some(({ kind }) => kind === 'model')
        ? [...discovery.reachable, ...recorder.unsent]
        : Object.keys(discovery.components);
      const unread = [...new Set(searched)].filter((name) => !reads.has(name));
      const trace = attachDetails(steps, {
        runId: context.runId,
        requestContext,
        span: span?.isValid ? span : undefined,
        mastra,
        spans: collected.spans,
        ...details,
      });
      return {
        trace,
        usage: usageOfSteps(steps),
        unread: unread.length === 0 ? undefined : unread,
        ...recorder.images.found,
      };
    };
    try {
      const config = typeof options.config === 'function' ? options.config(example) : options.config;
      checkConfig(config);
      const { output, details } = await raceSignal(context.signal, () => {
        const derived = deriveProgram(program, {
          discovery,
          candidate,
          recording: recordingOf(recorder),
          tools: tools.map(([name, tool]) => [mocks?.nameOf([name, tool.id]) ?? name, tool]),
        });
        return isAgent(derived)
          ? runAgent(derived, example.input as MessageListInput, { ...config, ...runOptions })
          : runWorkflow(derived as unknown as AnyWorkflow, example, runOptions, recorder);
      });
      const error = mocks?.failure ?? recorder.suspension ?? infrastructureErrorIn(recorder);
      if (error !== undefined) throw error;
      span?.end({ output: output as never });
      const execution = { output: output as Output, ...closeTrace(details) };
      options.log?.finished(candidate, example, execution);
      return execution;
    } catch (error) {
      // Mastra converts the error of an agent that is a step to plain data, with another message.
      const own = mocks?.failure ?? recorder.suspension ?? classifyModelError(originalError(error, recorder));
      // Mastra may convert a failure of the provider to an error that looks like the program's.
      const cause =
        failureKind(own) === 'program' && !context.signal.aborted
          ? (infrastructureErrorIn(recorder) ?? own)
          : own;
      const message = messageOf(cause);
      span?.error({ error: cause instanceof Error ? cause : new Error(message), endSpan: true });
      const rolloutError = new RolloutError(message, {
        cause,
        ...closeTrace(),
        isHopeless: cause instanceof SuspensionError || cause instanceof OptionsError,
      });
      options.log?.failed(candidate, example, rolloutError);
      throw rolloutError;
    }
  }

  const config = typeof options.config === 'function' ? undefined : options.config;
  return {
    components,
    models: modelNames(program, discovery.agents.keys(), config),
    versions: packageVersions(PACKAGES, thisFile()),
    source: programSource(program, discovery),
    metersCalls: true,
    warnings: skipWarnings(discovery.skipped, components),
    secrets: modelSecrets(discovery.agents.keys(), program, config, options.requestContext),
    run,
  };
}

/** The Mastra instance of a program: a workflow's own, otherwise that of the first registered agent. */
export function mastraOf(program: Program, { agents }: Pick<Discovery, 'agents'>): Mastra | undefined {
  const instances = [...agents.keys()].filter(isAgent).map((agent) => agent.getMastraInstance());
  const own = isAgent(program) ? undefined : (program as unknown as AnyWorkflow).mastra;
  return own ?? instances.find((instance) => instance !== undefined);
}

/** An error's message with those of its causes: Mastra's own message may only name the part of the agent that failed. */
function messageOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: { message?: unknown } };
  if (typeof message !== 'string') return String(error);
  const causeMessage = typeof cause?.message === 'string' ? messageOf(cause) : '';
  if (causeMessage.includes(message)) return causeMessage;
  return message.includes(causeMessage) ? message : `${message}: ${causeMessage}`;
}

/** The error as it was first thrown: Mastra wraps errors or converts them to plain data. */
function originalError(error: unknown, recorder: Recorder): unknown {
  const { message } = (error ?? {}) as { message?: unknown };
  if (typeof message !== 'string') return error;
  const original = recorder.errorWithMessage(message) ?? error;
  return original instanceof Error ? original : Object.assign(new Error(message), original);
}

/**
 * The error of a sub-agent that failed because of its provider, if any. The agent above it continues as after any
 * failed tool, but its answer must not be scored.
 */
function infrastructureErrorIn(recorder: Recorder): unknown {
  const classify = (error: unknown) => {
    const classified = classifyModelError(error);
    // An error that looks like the program's is the provider's if a model call failed with it.
    return failureKind(classified) === 'program' && recorder.isModelError(error)
      ? (modelCallError(error) ?? classified)
      : classified;
  };
  return recorder.agentErrors.map(classify).find((error) => failureKind(error) !== 'program');
}

/** The build for CommonJS has `__filename` here, which does not exist if a bundler puts that build into an ES module. */
function thisFile(): string | undefined {
  try {
    return import.meta.filename;
  } catch {
    return undefined;
  }
}
