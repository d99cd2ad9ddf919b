import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { CallbackManager, CallbackManagerForLLMRun, type Callbacks } from '@langchain/core/callbacks/manager';
import { BaseTracer, type Run } from '@langchain/core/tracers/base';
import type { CallMeter, CallRequest, MeteredCall } from 'gepa-core';
import { noUsage } from 'gepa-core/adapter';
import { withFirst } from '../program/ambient-config.ts';
import { isNode } from '../program/node.ts';
import { errorMessage } from '../util/error-message.ts';
import { callRequest } from './call-request.ts';
import { type ClientRequest, ClientTries } from './client-tries.ts';
import { isUnanswered, unansweredError, usageOf } from './model-call.ts';

/**
 * Records the LangChain runs of one rollout and reports each model call to a meter. The records can be read at any
 * time, also while runs are in progress.
 */
export class RolloutTracer extends BaseTracer {
  static readonly handlerName = 'gepa_rollout';
  readonly name = RolloutTracer.handlerName;
  readonly meter: CallMeter | undefined;
  readonly #seeMessages: (lists: readonly unknown[][]) => void;
  readonly #tries: ClientTries;
  readonly #roots: Run[] = [];
  readonly #seenRunIds = new Set<string>();
  /** Metered calls by run id. */
  readonly #calls = new Map<string, MeteredCall>();
  /** The options objects of the requests seen so far. The prompts of one request share one object. */
  readonly #requestOptions = new WeakSet<object>();
  readonly #errors = new Map<string, unknown>();
  #otherHandlers: readonly BaseCallbackHandler[] = [];
  #refusal: { readonly reason: unknown } | undefined;
  #closed = false;

  /**
   * @param seeMessages called with the messages of each call of a chat model before they are sent, in the lists that the other
   *   handlers get.
   * @param hosts the hosts of the models, with ports, as far as known.
   */
  constructor(
    meter?: CallMeter,
    {
      seeMessages = () => {},
      hosts,
    }: {
      readonly seeMessages?: (lists: readonly unknown[][]) => void;
      readonly hosts?: () => ReadonlySet<string>;
    } = {},
  ) {
    // By default LangChain runs handlers in the background; runs would be missing when the program returns.
    super({ _awaitHandler: true });
    this.meter = meter;
    this.#seeMessages = seeMessages;
    this.#tries = new ClientTries(meter, hosts);
    // When a handler throws, LangChain prints the error and makes the call anyway, unless `raiseError` is true. It reads
    // this property first, so throwing the refusal here prevents the call and prints nothing.
    Object.defineProperty(this, 'raiseError', {
      get: () => {
        if (this.#refusal !== undefined) throw this.#refusal.reason;
        return false;
      },
    });
  }

  /** Configures callbacks as LangChain does, including those the environment requests, and puts this tracer before them. */
  among(callbacks: Callbacks | undefined): CallbackManager {
    const manager = CallbackManager.configure(callbacks) ?? new CallbackManager();
    this.#otherHandlers = [...manager.handlers];
    return withFirst(manager, this) as CallbackManager;
  }

  /** The outermost runs seen so far, in the order they started. */
  get roots(): readonly Run[] {
    return this.#roots;
  }

  /** What model calls threw, by run id. */
  get modelErrors(): ReadonlyMap<string, unknown> {
    return this.#errors;
  }

  /** Ignores later root runs: an aborted program may still start some. */
  close(): void {
    this.#closed = true;
  }

  /** Code of the rollout sends a request over HTTP. */
  requestBegan(request: ClientRequest): void {
    this.#tries.began(request);
  }

  /** The request got a response, or `error` says why not. */
  requestEnded(request: ClientRequest, error: unknown): void {
    this.#tries.ended(request, error);
  }

  override onRunCreate(run: Run): void {
    // A run with an unknown parent started inside a run that this tracer does not record.
    const isRoot = run.parent_run_id === undefined || !this.#seenRunIds.has(run.parent_run_id);
    this.#seenRunIds.add(run.id);
    if (isRoot && !this.#closed) this.#roots.push(run);
  }

  /** LangChain awaits this before it calls the model. */
  override async onLLMStart(run: Run): Promise<void> {
    if (this.meter === undefined) return;
    this.#endOuterCalls(run);
    try {
      this.#calls.set(run.id, await this.meter.begin(this.#requestOf(run)));
      this.#tries.callBegan();
    } catch (reason) {
      this.#refusal ??= { reason };
      await this.#reportErrorToOthers(run, reason);
      throw reason;
    }
  }

  override handleChatModelStart(
    ...args: Parameters<BaseTracer['handleChatModelStart']>
  ): ReturnType<BaseTracer['handleChatModelStart']> {
    this.#seeMessages(args[1]);
    return super.handleChatModelStart(...args);
  }

  override onLLMEnd(run: Run): void {
    if (isUnanswered(run)) this.meter?.retrying(unansweredError(run));
    this.#calls.get(run.id)?.end(usageOf(run));
    if (this.#calls.has(run.id)) this.#tries.callEnded();
  }

  override handleLLMError(...args: Parameters<BaseTracer['handleLLMError']>): Promise<Run> {
    const [error, runId] = args;
    this.#calls.get(runId)?.fail(error);
    if (this.#calls.has(runId)) this.#tries.callEnded();
    this.#errors.set(runId, error);
    return super.handleLLMError(...args);
  }

  override handleChainError(...args: Parameters<BaseTracer['handleChainError']>): Promise<Run> {
    const control = controlFlowOf(args[0]);
    return control === undefined ? super.handleChainError(...args) : this.handleChainEnd(control, args[1]);
  }

  override handleToolError(...args: Parameters<BaseTracer['handleToolError']>): Promise<Run> {
    const control = controlFlowOf(args[0]);
    return control === undefined ? super.handleToolError(...args) : this.handleToolEnd(control, args[1]);
  }

  /**
   * LangChain sends the prompts of one request after all of them are admitted, so their reservations could wait for each
   * other. Every prompt after the first gets an infinite maximum instead, which a budget refuses at once.
   */
  #requestOf(run: Run): CallRequest {
    const request = callRequest(run);
    const { options } = run.extra ?? {};
    if (!isNode(options)) return request;
    const isFurtherPrompt = this.#requestOptions.has(options);
    this.#requestOptions.add(options);
    return isFurtherPrompt ? { ...request, inputTokens: Number.POSITIVE_INFINITY } : request;
  }

  /** LangChain itself does not report the end of a call that a handler prevented. */
  async #reportErrorToOthers(run: Run, reason: unknown): Promise<void> {
    const others = new CallbackManagerForLLMRun(
      run.id,
      [...this.#otherHandlers],
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
    return errorMessage(error);
  }

  /** A model that calls another model uses no tokens itself, so its reservation is settled at zero. */
  #endOuterCalls(run: Run): void {
    for (let id = run.parent_run_id; id !== undefined; id = this.getRunById(id)?.parent_run_id) {
      this.#calls.get(id)?.end(noUsage);
    }
  }
}

/**
 * LangGraph reports hand-offs to a node of the parent graph and interrupts as errors, with which a run ends as intended.
 * Returns what they say.
 */
function controlFlowOf(error: unknown): Record<string, unknown> | undefined {
  if (!isNode(error) || error.is_bubble_up !== true) return undefined;
  const { command, interrupts } = error;
  if (isNode(command)) return { handOffTo: command.goto };
  return Array.isArray(interrupts)
    ? { interrupt: interrupts.map((one: unknown) => (isNode(one) ? one.value : one)) }
    : undefined;
}
