import type { Agent, AgentExecutionOptionsBase, PublicStructuredOutputOptions } from '@mastra/core/agent';
import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { AnyWorkflow } from '@mastra/core/workflows';
import { GepaError, OptionsError } from 'gepa-core';
import type { MastraExample } from './data/example.ts';
import { deleteWorkflowRuns, SuspensionError } from './program/suspension.ts';
import type { Recorder } from './trace/recorder.ts';
import type { RolloutDetails } from './trace/rollout-details.ts';

/** The output of an agent in a rollout. */
export interface AgentOutput<Object = unknown> {
  readonly text: string;
  /** The structured output, if `structuredOutput` is set. */
  readonly object?: Object;
  /** Why the agent stopped early, for example `tool-calls` (out of steps) or `length`. Undefined for `stop`. */
  readonly finishReason?: string;
  /** Why a processor blocked the answer. */
  readonly tripwire?: string;
}

/** Options for `agent.generate` in every rollout; they override the agent's default options. */
export type RunConfig = Omit<
  AgentExecutionOptionsBase<unknown>,
  | 'abortSignal'
  | 'instructions'
  | 'memory'
  | 'requestContext'
  | 'returnScorerData'
  | 'scorers'
  | 'tracingContext'
> & {
  readonly structuredOutput?: PublicStructuredOutputOptions;
  readonly model?: Agent['model'];
};

/** @throws {OptionsError} when the options of calls have a request context, which would be ignored. */
export function checkConfig(config: object | undefined): void {
  if (config === undefined || !('requestContext' in config)) return;
  throw new OptionsError([
    '`config.requestContext` is not used: pass `requestContext` beside `config`, or in each example.',
  ]);
}

export interface RunOptions
  extends Pick<AgentExecutionOptionsBase<unknown>, 'requestContext' | 'tracingContext'> {
  readonly signal: AbortSignal;
}

interface RunResult {
  readonly output: unknown;
  readonly details?: Partial<RolloutDetails>;
}

export async function runAgent(
  agent: Agent,
  input: MessageListInput,
  options: RunConfig & RunOptions,
): Promise<RunResult> {
  const { signal, ...config } = options;
  const callOptions = { ...config, abortSignal: signal, scorers: {}, returnScorerData: true };
  // The overloads depend on whether there is structured output, which is known only at run time.
  const result = await agent.generate(input, callOptions as AgentExecutionOptionsBase<unknown>);
  const { text, object, finishReason, tripwire, scoringData, messages, suspendPayload } = result;
  if (finishReason === 'suspended')
    throw new SuspensionError(`The agent ${agent.id}`, suspendPayload?.toolName ?? suspendPayload);
  const output: AgentOutput = {
    text,
    ...(object === undefined ? {} : { object }),
    ...(finishReason === undefined || finishReason === 'stop' ? {} : { finishReason }),
    ...(tripwire === undefined ? {} : { tripwire: tripwire.reason }),
  };
  return { output, details: { messages, scoringData } };
}

export async function runWorkflow(
  workflow: AnyWorkflow,
  example: MastraExample<unknown>,
  { signal, ...context }: RunOptions,
  recorder: Recorder,
): Promise<RunResult> {
  const run = await workflow.createRun();
  const { input } = example;
  const cancel = () => void run.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    let details: Partial<RolloutDetails> = {};
    const output = await recorder.record({ kind: 'chain', name: workflow.id, input }, async () => {
      const startOptions = { ...example.startOptions, inputData: input, ...context };
      const started = await run.start(startOptions as Parameters<typeof run.start>[0]);
      const result = (await resumed(
        run as unknown as ResumableRun,
        started,
        resumeDataOf(example),
        context,
      )) as typeof started;
      switch (result.status) {
        case 'success': {
          const { result: output, steps: stepResults, stepExecutionPath } = result;
          details = { scoringData: { input, output, stepResults, stepExecutionPath } } as typeof details;
          return output as unknown;
        }
        case 'failed':
          throw ofStep(result.error, result.steps);
        case 'suspended':
          throw new SuspensionError(
            `The workflow ${workflow.id}`,
            result.suspended?.map((path) => path.join('.')).join(', '),
          );
        default: {
          const { tripwire } = result as { readonly tripwire?: { readonly reason?: string } };
          const blocked =
            tripwire?.reason === undefined ? '' : `: a processor blocked it (${tripwire.reason})`;
          throw new GepaError(
            `The workflow ${workflow.id} ended with the status "${result.status}"${blocked}.`,
          );
        }
      }
    });
    return { output, details };
  } finally {
    signal.removeEventListener('abort', cancel);
    // Mastra resumes a run, and the runs of workflows in it, from the storage.
    await deleteWorkflowRuns(recorder.storedRuns ?? []);
  }
}

/** The error of a step whose input does not fit, with its name, which Mastra leaves out. */
function ofStep(error: unknown, steps: Readonly<Record<string, { readonly status?: string }>>): unknown {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  const [step] = Object.entries(steps).find(([, { status }]) => status === 'failed') ?? [];
  if (step === undefined || !/^step input validation/i.test(String(message))) return error;
  return new GepaError(`The step ${step}: ${message}`, { cause: error });
}

interface ResumableRun {
  resume(options: object): Promise<WorkflowState>;
}

interface WorkflowState {
  readonly status: string;
  readonly suspended?: readonly (readonly string[])[];
}

/** Mastra resumes a run of an experiment as often. */
const maxResumes = 10;

interface ResumeData {
  readonly anyStep: unknown;
  readonly steps: Readonly<Record<string, unknown>>;
}

export function resumeDataOf({
  resumeData,
  resumeSteps,
  metadata = {},
}: MastraExample<unknown>): ResumeData | undefined {
  const anyStep = resumeData ?? metadata.resumeData;
  const steps = (resumeSteps ?? metadata.resumeSteps) as ResumeData['steps'] | undefined;
  return anyStep === undefined && steps === undefined ? undefined : { anyStep, steps: steps ?? {} };
}

/** Resumes a suspended run with the example's data, as experiments of Mastra do. */
async function resumed(
  run: ResumableRun,
  started: WorkflowState,
  resume: ResumeData | undefined,
  context: object,
): Promise<WorkflowState> {
  if (resume === undefined) return started;
  const { anyStep, steps } = resume;
  let state = started;
  for (let resumes = 0; state.status === 'suspended' && resumes < maxResumes; resumes++) {
    const ids = (state.suspended ?? []).flatMap(([id]) => id ?? []);
    const step = ids.find((id) => (steps[id] ?? anyStep) !== undefined);
    if (step === undefined) break;
    state = await run.resume({ step, resumeData: steps[step] ?? anyStep, ...context });
  }
  return state;
}
