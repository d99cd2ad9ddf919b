/** The value of a call, or the reason why there is none. */
export type SyncRead<Value> = { readonly value: Value } | SyncFailure;

export type SyncFailure =
  | { readonly failure: 'asynchronous' }
  | { readonly failure: 'threw'; readonly error: unknown };

/** Calls a function whose value is needed synchronously: an error or a promise is a failure. */
export function readSync<Value>(call: () => Value | PromiseLike<Value>): SyncRead<Value> {
  try {
    const value = call();
    if (!isPromise(value)) return { value };
    value.then(undefined, () => {}); // Prevents an unhandled rejection.
    return { failure: 'asynchronous' };
  } catch (error) {
    return { failure: 'threw', error };
  }
}

/** Applies `use` to a value or to the value of a promise. A synchronous getter of Mastra stays synchronous this way. */
export function mapMaybePromise<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return isPromise(value) ? Promise.resolve(value).then(use) : use(value);
}

export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
