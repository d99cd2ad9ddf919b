import type { Usage } from '../budget/usage.ts';

/** The maximum that one model call may use. */
// `| undefined`: an adapter passes settings on, also where its project sets `exactOptionalPropertyTypes`.
export interface CallRequest {
  /** The name of the model, as its usage reports it. */
  readonly model?: string | undefined;
  /**
   * The maximum of input tokens, such as that of `maxInputTokens`; infinity: the provider may add any number. Default: the
   * model's context window, from the price catalogue.
   */
  readonly inputTokens?: number | undefined;
  /** The maximum of output tokens. Default: `reserve.outputTokens`, or else the model's context window. */
  readonly outputTokens?: number | undefined;
}

/** A model call that was admitted. Call `end` or `fail` once; later reports are ignored. */
export interface MeteredCall {
  /** The call was answered, or failed with a known usage. */
  end(usage: Usage): void;
  /**
   * The call failed. It is free if the error shows that the provider did no work (an HTTP error status, a connection that
   * was never made); otherwise its maximum stays charged.
   */
  fail(error: unknown): void;
}

/**
 * Reports model calls one by one, so that `maxCostUsd` and `maxTokens` are never exceeded. Reported usage counts even if
 * the rollout fails or is aborted, and takes precedence over the `usage` that the program returns.
 */
export interface CallMeter {
  /**
   * Await this before each model call. Under a limit, it waits as long as calls in flight may use less than their maximum
   * and so leave room. Report parallel calls one by one, but not a call that is made inside another.
   *
   * @throws when the call could exceed a limit, or its rollout is over. Do not catch this error: the run is ending.
   */
  begin(request?: CallRequest): Promise<MeteredCall>;
  /**
   * Reports that a client failed and may retry by itself. The run then shows these retries and ends them at its own
   * deadline. Call the returned function when the client's next attempt begins; `begin` calls it too. Report a response
   * that is not an answer before `end`.
   */
  retrying(error: unknown): () => void;
}
