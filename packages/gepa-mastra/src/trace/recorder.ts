import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { CallMeter, Step, StepKind, Usage } from 'gepa-core';
import { RolloutImages } from 'gepa-core/adapter';
import type { ToolMocks } from '../program/tool-mocks.ts';
import type { CallContext } from './call-context.ts';
import { toPlain } from './plain.ts';

/** A step that may not have ended yet. Input and output are plain data. */
export interface OpenStep {
  readonly kind: StepKind;
  readonly name: string;
  readonly components: readonly string[];
  readonly input: unknown;
  readonly context: CallContext;
  readonly startedAt: number;
  readonly children: OpenStep[];
  output?: unknown;
  error?: string;
  /** The original error. */
  thrown?: unknown;
  finishReason?: string;
  usage?: Usage;
  durationMs?: number;
}

/** A run of a workflow in its storage. */
export interface StoredRun {
  readonly workflow: AnyWorkflow;
  readonly runId: string;
}

/** The step that the running code belongs to. */
const current = new AsyncLocalStorage<{ readonly recorder: Recorder; readonly step: OpenStep }>();

/** The recorder of the rollout, or of the judge, that the running code belongs to. */
export function currentRecorder(): Recorder | undefined {
  return current.getStore()?.recorder;
}

/** Records the steps of one rollout. `steps` can be read at any time, also before they have ended. */
export class Recorder {
  /** Receives a report of each model call. */
  readonly meter: CallMeter | undefined;
  /** Output tokens of all model calls so far. */
  tokensWritten = 0;
  /**
   * Set when an agent suspends its run. Its caller may not notice: an agent continues with whatever a suspended
   * sub-agent returned.
   */
  suspension: Error | undefined;
  /** The runs of workflows in the storage, from where they can be resumed. Undefined when none is stored. */
  readonly storedRuns: StoredRun[] | undefined;
  /** The tunables and parts that were read. */
  readonly reads = new Set<string>();
  /** The components that a model call of their agent was without. */
  readonly unsent = new Set<string>();
  /** Answers calls of tools, if the example has mocks. */
  readonly mocks: ToolMocks | undefined;
  /** The images that steps were given or returned, besides those of the rollout's input. */
  readonly images: RolloutImages;
  /** Whether the rollout was interrupted, so that further model calls would not be counted. */
  isAbandoned = false;
  readonly #roots: OpenStep[] = [];
  readonly #errors: unknown[] = [];
  readonly #modelErrors = new Set<unknown>();
  #closed = false;

  constructor(
    meter?: CallMeter,
    mocks?: ToolMocks,
    { input, isResumable = false }: { readonly input?: unknown; readonly isResumable?: boolean } = {},
  ) {
    this.meter = meter;
    this.mocks = mocks;
    this.storedRuns = isResumable ? [] : undefined;
    this.images = new RolloutImages(input);
  }

  /** Starts a step as a child of the current one. */
  open(step: {
    readonly kind: StepKind;
    readonly name: string;
    readonly components?: readonly string[];
    readonly input?: unknown;
    readonly context?: CallContext;
  }): OpenStep {
    if (!this.#closed) this.images.add(step.input);
    const opened: OpenStep = {
      kind: step.kind,
      name: step.name,
      components: step.components ?? [],
      input: toPlain(step.input),
      context: step.context ?? {},
      startedAt: performance.now(),
      children: [],
    };
    const parent = current.getStore();
    if (!this.#closed) (parent?.recorder === this ? parent.step.children : this.#roots).push(opened);
    return opened;
  }

  end(step: OpenStep, outcome: Pick<OpenStep, 'output' | 'finishReason' | 'usage'>): void {
    if (this.#closed) return;
    this.tokensWritten += outcome.usage?.outputTokens ?? 0;
    Object.assign(step, outcome, { durationMs: performance.now() - step.startedAt });
  }

  /** Ends a step with a result of any form. */
  endWith(step: OpenStep, result: unknown): void {
    if (!this.#closed) this.images.add(result);
    this.end(step, { output: toPlain(result) });
  }

  fail(step: OpenStep, error: unknown): void {
    if (this.#closed) return;
    this.#errors.push(error);
    if (step.kind === 'model') this.#modelErrors.add(error);
    step.thrown = error;
    step.error = messageOf(error);
    step.durationMs = performance.now() - step.startedAt;
  }

  /** Calls a function with `step` as the current step. */
  within<Result>(step: OpenStep, call: () => Result): Result {
    return current.run({ recorder: this, step }, call);
  }

  /** Whether the current step is an agent, which then calls the running code as a tool. */
  get isInsideAgent(): boolean {
    return this.currentStep?.kind === 'agent';
  }

  /** The step that the running code belongs to. */
  get currentStep(): Pick<OpenStep, 'kind' | 'name'> | undefined {
    const parent = current.getStore();
    return parent?.recorder === this ? parent.step : undefined;
  }

  /** Records one call as a step, from start to end. */
  async record<Result>(
    step: Parameters<Recorder['open']>[0],
    call: () => Promise<Result> | Result,
    outputOf: (result: Result) => unknown = (result) => result,
  ): Promise<Result> {
    const opened = this.open(step);
    try {
      const result = await this.within(opened, call);
      this.endWith(opened, outputOf(result));
      return result;
    } catch (error) {
      this.fail(opened, error);
      throw error;
    }
  }

  /** The original error with this message, if it was recorded. Mastra passes some errors on as messages only. */
  errorWithMessage(message: string): unknown {
    return this.#errors.find((error) => error instanceof Error && error.message === message);
  }

  /** Whether a model call failed with this error. */
  isModelError(error: unknown): boolean {
    return this.#modelErrors.has(error);
  }

  get lastError(): unknown {
    return this.#errors.at(-1);
  }

  /** The errors of failed agents: the agent's own, or that of its last model call. */
  get agentErrors(): unknown[] {
    return agentErrorsIn(this.#roots);
  }

  /**
   * Ends the recording: later steps of the program are ignored.
   *
   * @param isAbandoned whether the program may go on, because the rollout was interrupted. Its model calls are then refused.
   */
  close(isAbandoned = false): void {
    this.#closed = true;
    this.isAbandoned = isAbandoned;
  }

  get steps(): readonly Step[] {
    return this.#roots.map(toStep);
  }
}

/** Workflow results contain errors as plain data. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

function lastModelCallOf({ children }: OpenStep): OpenStep | undefined {
  return children.findLast(({ kind }) => kind === 'model');
}

function agentErrorsIn(steps: readonly OpenStep[]): unknown[] {
  return steps.flatMap((step, position) => {
    const error = errorOf(step);
    // A workflow step, for example, may be retried.
    const hasSuccessfulRetry = steps
      .slice(position + 1)
      .some((later) => isSameCall(step, later) && !errorOf(later));
    if (error !== undefined && hasSuccessfulRetry) return [];
    return [
      ...(error !== undefined && step.kind === 'agent' ? [error] : []),
      ...agentErrorsIn(step.children),
    ];
  });
}

function errorOf(step: OpenStep): unknown {
  // An agent fails with an error of its own when its model did.
  return (step.kind === 'agent' ? lastModelCallOf(step)?.thrown : undefined) ?? step.thrown;
}

function isSameCall(a: OpenStep, b: OpenStep): boolean {
  return a.kind === b.kind && a.name === b.name && JSON.stringify(a.input) === JSON.stringify(b.input);
}

function toStep(step: OpenStep): Step {
  const { kind, name, components, input, context, error, finishReason, usage, durationMs, children } = step;
  // The output of `agent.stream` is not known when the call returns; the last model call has it.
  const output = step.output ?? (kind === 'agent' ? lastModelCallOf(step)?.output : undefined);
  return {
    kind,
    name,
    ...(components.length === 0 ? {} : { components }),
    ...(input === undefined ? {} : { input }),
    ...context,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(usage === undefined ? {} : { usage }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(children.length === 0 ? {} : { children: children.map(toStep) }),
  };
}
