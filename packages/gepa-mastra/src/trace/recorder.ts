import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallMeter, Step, StepKind, Usage } from 'gepa-core';
import { toPlain } from './plain.ts';

/** A step that may still be going on. Values are plain data. */
export interface OpenStep {
  readonly kind: StepKind;
  readonly name: string;
  readonly components: readonly string[];
  readonly input: unknown;
  readonly startedAt: number;
  readonly children: OpenStep[];
  output?: unknown;
  error?: string;
  /** The error as it was thrown. */
  thrown?: unknown;
  finishReason?: string;
  usage?: Usage;
  durationMs?: number;
}

/** The step that whatever runs now belongs to. */
const current = new AsyncLocalStorage<{ readonly recorder: Recorder; readonly step: OpenStep }>();

/** Records the steps of one rollout. It can be read at any time, also while steps are still going on. */
export class Recorder {
  /** Is told of each model call. */
  readonly meter: CallMeter | undefined;
  /** How many tokens models have written so far. */
  written = 0;
  readonly #roots: OpenStep[] = [];
  readonly #errors: unknown[] = [];
  #closed = false;
  /** Tells of a part that waits for a person: whoever began it may not be told, and go on without it. */
  waiting: Error | undefined;

  constructor(meter?: CallMeter) {
    this.meter = meter;
  }

  /** Begins a step inside the one that goes on here. */
  open(step: {
    readonly kind: StepKind;
    readonly name: string;
    readonly components?: readonly string[];
    readonly input?: unknown;
  }): OpenStep {
    const opened: OpenStep = {
      kind: step.kind,
      name: step.name,
      components: step.components ?? [],
      input: toPlain(step.input),
      startedAt: performance.now(),
      children: [],
    };
    const around = current.getStore();
    if (!this.#closed) (around?.recorder === this ? around.step.children : this.#roots).push(opened);
    return opened;
  }

  end(step: OpenStep, outcome: Pick<OpenStep, 'output' | 'finishReason' | 'usage'>): void {
    if (this.#closed) return;
    this.written += outcome.usage?.outputTokens ?? 0;
    Object.assign(step, outcome, { durationMs: performance.now() - step.startedAt });
  }

  fail(step: OpenStep, error: unknown): void {
    if (this.#closed) return;
    this.#errors.push(error);
    step.thrown = error;
    step.error = messageOf(error);
    step.durationMs = performance.now() - step.startedAt;
  }

  /** Calls a function whose steps belong inside this one. */
  within<Result>(step: OpenStep, call: () => Result): Result {
    return current.run({ recorder: this, step }, call);
  }

  /** Whether whatever begins now was begun by an agent, as one of its tools. */
  get isInsideAgent(): boolean {
    const around = current.getStore();
    return around?.recorder === this && around.step.kind === 'agent';
  }

  /** A step that is all of one call. */
  async around<Result>(
    step: Parameters<Recorder['open']>[0],
    call: () => Promise<Result> | Result,
    outputOf: (result: Result) => unknown = (result) => result,
  ): Promise<Result> {
    const opened = this.open(step);
    try {
      const result = await this.within(opened, call);
      this.end(opened, { output: toPlain(outputOf(result)) });
      return result;
    } catch (error) {
      this.fail(opened, error);
      throw error;
    }
  }

  /** The error that a message tells of, as it was thrown; Mastra passes some on as mere messages. */
  thrownAs(message: string): unknown {
    return this.#errors.find((error) => error instanceof Error && error.message === message);
  }

  get lastError(): unknown {
    return this.#errors.at(-1);
  }

  /** What kept agents from answering: their own errors, and those of their last model calls. */
  get agentErrors(): unknown[] {
    return agentErrorsIn(this.#roots);
  }

  /** Takes nothing more: what a program that was given up still does belongs to nobody. */
  close(): void {
    this.#closed = true;
  }

  get steps(): readonly Step[] {
    return this.#roots.map(toStep);
  }
}

/** Results of workflows hold errors as plain data. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/** What an agent said at last: of one that streams nothing is known when its call returns. */
function lastAnswerOf(step: OpenStep): unknown {
  return lastCallOf(step)?.output;
}

function lastCallOf({ children }: OpenStep): OpenStep | undefined {
  return children.findLast(({ kind }) => kind === 'model');
}

function agentErrorsIn(steps: readonly OpenStep[]): unknown[] {
  return steps.flatMap((step, position) => {
    const own = failureOf(step);
    // Such as a step of a workflow that is retried.
    const isMadeUp = steps.slice(position + 1).some((later) => isSameCall(step, later) && !failureOf(later));
    if (own !== undefined && isMadeUp) return [];
    return [...(own !== undefined && step.kind === 'agent' ? [own] : []), ...agentErrorsIn(step.children)];
  });
}

function failureOf(step: OpenStep): unknown {
  return step.thrown ?? (step.kind === 'agent' ? lastCallOf(step)?.thrown : undefined);
}

function isSameCall(a: OpenStep, b: OpenStep): boolean {
  return a.kind === b.kind && a.name === b.name && JSON.stringify(a.input) === JSON.stringify(b.input);
}

function toStep(step: OpenStep): Step {
  const { kind, name, components, input, error, finishReason, usage, durationMs, children } = step;
  const output = step.output ?? (kind === 'agent' ? lastAnswerOf(step) : undefined);
  return {
    kind,
    name,
    ...(components.length === 0 ? {} : { components }),
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(usage === undefined ? {} : { usage }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(children.length === 0 ? {} : { children: children.map(toStep) }),
  };
}
