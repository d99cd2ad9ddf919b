import type { Agent, AgentExecutionOptionsBase, PublicStructuredOutputOptions } from '@mastra/core/agent';
import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { Mastra } from '@mastra/core/mastra';
import type { AnyWorkflow } from '@mastra/core/workflows';
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
} from 'gepa-core';
import { raceSignal, usageOfSteps } from 'gepa-core/adapter';
import type { RolloutLog } from './compiled/experiment.ts';
import { freshRequestContext, type MastraExample, type RequestContextValues } from './data/example.ts';
import { derive } from './program/derive.ts';
import type { Discovery } from './program/discovery.ts';
import { modelNames } from './program/model-names.ts';
import { isAgent, type Program } from './program/program.ts';
import { waitsForPerson } from './program/suspension.ts';
import { knownRefusal } from './program/unusable-model.ts';
import { startRolloutSpan } from './trace/observability.ts';
import { Recorder } from './trace/recorder.ts';
import { attachDetails, type RolloutDetails } from './trace/rollout-details.ts';

/** What an agent gave in a rollout. */
export interface AgentOutput<Object = unknown> {
  readonly text: string;
  /** Where the agent was asked for structured output. */
  readonly object?: Object;
  /** Why it stopped, where that is not for being done: `tool-calls` when it ran out of steps, `length`. */
  readonly finishReason?: string;
  /** Why a processor blocked the answer. */
  readonly tripwire?: string;
}

/** Passed to `agent.generate` on every rollout, over the agent's default options. */
export type RunConfig = Omit<
  AgentExecutionOptionsBase<unknown>,
  'abortSignal' | 'instructions' | 'memory' | 'returnScorerData' | 'scorers' | 'tracingContext'
> & {
  readonly structuredOutput?: PublicStructuredOutputOptions;
  readonly model?: Agent['model'];
};

export interface AdapterOptions<Example> {
  readonly program: Program;
  /** What may change. */
  readonly components: Readonly<Record<string, Component>>;
  readonly discovery: Discovery;
  /** Is told what came of every rollout. */
  readonly log?: RolloutLog;
  readonly requestContext?: RequestContextValues;
  readonly config?: RunConfig | ((example: Example) => RunConfig);
}

/**
 * Lets the engine run an agent or a workflow with other texts. Each rollout is made by a program of its own, derived
 * from the given one, which is never changed.
 */
export function createAdapter<Input, Output>(
  options: AdapterOptions<MastraExample<Input>>,
): Adapter<ProgramExample<Input>, Output> {
  const { program, components, discovery } = options;
  const mastra = mastraOf(program, discovery);

  async function run(
    candidate: Candidate,
    example: MastraExample<Input>,
    context: RunContext,
  ): Promise<Execution<Output>> {
    const recorder = new Recorder(context.meter);
    const requestContext = freshRequestContext(options.requestContext, example.requestContext);
    const given = typeof options.config === 'function' ? options.config(example) : options.config;
    const span = startRolloutSpan(mastra, program.id, example.input, requestContext, context);
    const rollout: Rollout = {
      requestContext,
      signal: context.signal,
      ...(span === undefined ? {} : { tracingContext: { currentSpan: span } }),
    };
    const report = (details: Partial<RolloutDetails> = {}) => {
      recorder.close();
      const steps = recorder.steps;
      const trace = attachDetails(steps, {
        runId: context.runId,
        requestContext,
        ...(span?.isValid ? { span } : {}),
        ...details,
      });
      return { trace, usage: usageOfSteps(steps) };
    };
    try {
      const { output, details } = await raceSignal(context.signal, () => {
        const derived = derive(program, { discovery, texts: candidate, recorder });
        return isAgent(derived)
          ? runAgent(derived, example.input as MessageListInput, { ...given, ...rollout })
          : runWorkflow(derived as unknown as AnyWorkflow, example.input, rollout, recorder);
      });
      const hindrance = recorder.waiting ?? outageIn(recorder);
      if (hindrance !== undefined) throw hindrance;
      span?.end({ output: output as never });
      const reported = report(details);
      options.log?.finished(candidate, example, output, reported.trace);
      return { output: output as Output, ...reported };
    } catch (error) {
      const cause = knownRefusal(causeOf(error, recorder));
      const message = messageOf(cause);
      span?.error({ error: cause instanceof Error ? cause : new Error(message), endSpan: true });
      const failure = new RolloutError(message, { cause, ...report() });
      options.log?.failed(candidate, example, failure);
      throw failure;
    }
  }

  const config = typeof options.config === 'function' ? undefined : options.config;
  return { components, models: modelNames(program, discovery.agents.keys(), config), metersCalls: true, run };
}

/** The Mastra instance that a program is registered with, or else the first of its agents that is. */
export function mastraOf(program: Program, { agents }: Pick<Discovery, 'agents'>): Mastra | undefined {
  const instances = [...agents.keys()].filter(isAgent).map((agent) => agent.getMastraInstance());
  const own = isAgent(program) ? undefined : (program as unknown as AnyWorkflow).mastra;
  return own ?? instances.find((instance) => instance !== undefined);
}

interface Rollout extends Pick<AgentExecutionOptionsBase<unknown>, 'requestContext' | 'tracingContext'> {
  readonly signal: AbortSignal;
}

interface Outcome {
  readonly output: unknown;
  readonly details?: Partial<RolloutDetails>;
}

async function runAgent(
  agent: Agent,
  input: MessageListInput,
  options: RunConfig & Rollout,
): Promise<Outcome> {
  const { signal, ...config } = options;
  const call = { ...config, abortSignal: signal, scorers: {}, returnScorerData: true };
  // The overloads tell calls with structured output from others, which only the running program knows.
  const result = await agent.generate(input, call as AgentExecutionOptionsBase<unknown>);
  const { text, object, finishReason, tripwire, scoringData, messages, suspendPayload } = result;
  if (finishReason === 'suspended')
    throw waitsForPerson(`The agent ${agent.id}`, suspendPayload?.toolName ?? suspendPayload);
  const output: AgentOutput = {
    text,
    ...(object === undefined ? {} : { object }),
    ...(finishReason === undefined || finishReason === 'stop' ? {} : { finishReason }),
    ...(tripwire === undefined ? {} : { tripwire: tripwire.reason }),
  };
  return { output, details: { messages, ...(scoringData === undefined ? {} : { scoringData }) } };
}

async function runWorkflow(
  workflow: AnyWorkflow,
  input: unknown,
  { signal, ...context }: Rollout,
  recorder: Recorder,
): Promise<Outcome> {
  const run = await workflow.createRun();
  const cancel = () => void run.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const output = await recorder.around({ kind: 'chain', name: workflow.id, input }, async () => {
      const result = await run.start({ inputData: input, ...context } as Parameters<typeof run.start>[0]);
      switch (result.status) {
        case 'success':
          return result.result as unknown;
        case 'failed':
          throw result.error;
        case 'suspended':
          throw waitsForPerson(
            `The workflow ${workflow.id}`,
            result.suspended?.map((path) => path.join('.')).join(', '),
          );
        default: {
          const { tripwire } = result as { readonly tripwire?: { readonly reason?: string } };
          const why = tripwire?.reason === undefined ? '' : `, by a processor: ${tripwire.reason}`;
          throw new GepaError(`The workflow ${workflow.id} ended with the status "${result.status}"${why}.`);
        }
      }
    });
    return { output };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** What an error says, with what its causes add: Mastra's own may say no more than which part of the agent failed. */
function messageOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: { message?: unknown } };
  if (typeof message !== 'string') return String(error);
  const why = typeof cause?.message === 'string' ? messageOf(cause) : '';
  if (why.includes(message)) return why;
  return message.includes(why) ? message : `${message}: ${why}`;
}

/** The error as it was thrown first: Mastra's own wraps it, or keeps no more of it than its fields. */
function causeOf(error: unknown, recorder: Recorder): unknown {
  const { message } = (error ?? {}) as { message?: unknown };
  if (typeof message !== 'string') return error;
  const thrown = recorder.thrownAs(message) ?? error;
  return thrown instanceof Error ? thrown : Object.assign(new Error(message), thrown);
}

/**
 * What kept a sub-agent from answering, where it was no doing of its own: the agent above it is only told that a tool
 * failed, and goes on.
 */
function outageIn(recorder: Recorder): unknown {
  return recorder.agentErrors.map(knownRefusal).find((error) => failureKind(error) !== 'program');
}
