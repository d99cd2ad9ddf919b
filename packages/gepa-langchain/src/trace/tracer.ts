import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { CallbackManager, CallbackManagerForLLMRun, type Callbacks } from '@langchain/core/callbacks/manager';
import { BaseTracer, type Run } from '@langchain/core/tracers/base';
import type { CallMeter, CallRequest, MeteredCall } from 'gepa-core';
import { noUsage } from 'gepa-core/adapter';
import { isNode } from '../program/node.ts';
import { callRequest } from './call-request.ts';
import { usageOf } from './model-call.ts';

/**
 * Records the runs of one rollout, and tells a meter of its model calls. It can be read at any time, also while runs are
 * still going on.
 */
export class RolloutTracer extends BaseTracer {
  static readonly handlerName = 'gepa_rollout';
  readonly name = RolloutTracer.handlerName;
  readonly meter: CallMeter | undefined;
  readonly #roots: Run[] = [];
  readonly #seen = new Set<string>();
  readonly #calls = new Map<string, MeteredCall>();
  /** The options of each request: all its prompts have the same object. */
  readonly #requests = new WeakSet<object>();
  #others: readonly BaseCallbackHandler[] = [];
  #refusal: { readonly reason: unknown } | undefined;
  #closed = false;

  constructor(meter?: CallMeter) {
    // LangChain runs handlers in the background otherwise, and the runs would not be here when the program returns.
    super({ _awaitHandler: true });
    this.meter = meter;
    // LangChain makes a call all the same when a handler throws, unless this is true, and prints the error. It asks
    // for it first: a refusal that is thrown here keeps the call from being made, and is not printed.
    Object.defineProperty(this, 'raiseError', {
      get: () => {
        if (this.#refusal !== undefined) throw this.#refusal.reason;
        return false;
      },
    });
  }

  /** Callbacks as LangChain puts them together, with what the environment asks for, and with this tracer. */
  among(callbacks: Callbacks | undefined): CallbackManager {
    const manager = CallbackManager.configure(callbacks) ?? new CallbackManager();
    this.#others = [...manager.handlers];
    manager.addHandler(this);
    return manager;
  }

  /** The outermost runs seen so far, in the order they began. */
  get roots(): readonly Run[] {
    return this.#roots;
  }

  /** Takes no further roots: what a program that was given up still starts belongs to nobody. */
  close(): void {
    this.#closed = true;
  }

  override onRunCreate(run: Run): void {
    // A run whose parent this tracer has not seen began inside somebody else's run.
    const isRoot = run.parent_run_id === undefined || !this.#seen.has(run.parent_run_id);
    this.#seen.add(run.id);
    if (isRoot && !this.#closed) this.#roots.push(run);
  }

  /** A model is not called before this has ended. */
  override async onLLMStart(run: Run): Promise<void> {
    if (this.meter === undefined) return;
    this.#endOuter(run);
    try {
      this.#calls.set(run.id, await this.meter.begin(this.#requestOf(run)));
    } catch (reason) {
      this.#refusal ??= { reason };
      await this.#tellOthers(run, reason);
      throw reason;
    }
  }

  override onLLMEnd(run: Run): void {
    const usage = usageOf(run);
    this.#calls.get(run.id)?.end(usage);
  }

  override handleLLMError(...args: Parameters<BaseTracer['handleLLMError']>): Promise<Run> {
    const [error, runId] = args;
    this.#calls.get(runId)?.fail(error);
    return super.handleLLMError(...args);
  }

  /**
   * Several prompts of one request are sent when all were told. Set aside for one by one, they could wait for each
   * other.
   */
  #requestOf(run: Run): CallRequest {
    const request = callRequest(run);
    const { options } = run.extra ?? {};
    if (!isNode(options)) return request;
    const isFurther = this.#requests.has(options);
    this.#requests.add(options);
    return isFurther ? { ...request, inputTokens: Number.POSITIVE_INFINITY } : request;
  }

  /** LangChain tells nobody of the end of a call that a handler kept from being made. */
  async #tellOthers(run: Run, reason: unknown): Promise<void> {
    const others = new CallbackManagerForLLMRun(
      run.id,
      [...this.#others],
      [],
      [],
      [],
      {},
      {},
      run.parent_run_id,
    );
    await others.handleLLMError(reason);
  }

  protected override async persistRun(): Promise<void> {}

  protected override stringifyError(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
  }

  /** A model that asks another is told by that one; what both may take need not be set aside. */
  #endOuter(run: Run): void {
    for (let id = run.parent_run_id; id !== undefined; id = this.getRunById(id)?.parent_run_id) {
      this.#calls.get(id)?.end(noUsage);
    }
  }
}
