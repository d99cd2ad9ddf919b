import type { Usage } from '../budget/usage.ts';

/** What a model call may take at most, as told before it is made. */
export interface CallRequest {
  /** The model, by the name that its usage will bear. */
  readonly model?: string | undefined;
  /** The most tokens sent. Default: as many as the model can read, by the catalogue. */
  readonly inputTokens?: number | undefined;
  /** The most tokens written. Default: as many as the model can read and write. */
  readonly outputTokens?: number | undefined;
}

/** A model call that may be made. How it ended is told once; what is told later is not heard. */
export interface MeteredCall {
  /** It was answered, or took something all the same. */
  end(usage: Usage): void;
  /**
   * It failed. An error that shows that the provider did no work (an HTTP status, a connection that was never made)
   * makes it free; after any other, what it may have taken counts against the bounds.
   */
  fail(error: unknown): void;
}

/**
 * Lets `maxCostUsd` and `maxTokens` hold for what is not known before it is spent: whoever calls a model asks before
 * each call, and tells what it took. What was told is counted even where the rollout comes to no end. A program that
 * tells of its calls here need not report a `usage`; where it does, what it told here is believed.
 */
export interface CallMeter {
  /**
   * To be awaited before a model call. Under a bound it waits while others may yet leave enough; without one it never
   * waits. Calls at once are each told of; a call that is made inside another is not.
   *
   * @throws when the call could cross a bound, or is made by what is over. Let it pass: the run ends, or has ended.
   */
  begin(request?: CallRequest): Promise<MeteredCall>;
}
