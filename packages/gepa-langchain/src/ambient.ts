// Without it, LangChain core does not carry the ambient config, and what a program's functions call is not traced.

import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { registerConfigureHook, setContextVariable } from '@langchain/core/context';
import { mergeConfigs, type RunnableConfig } from '@langchain/core/runnables';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { copyWith } from './program/edit.ts';

/** The callbacks of the run this happens in, if any. */
export function ambientCallbacks(): RunnableConfig['callbacks'] {
  const ambient: Partial<RunnableConfig> = AsyncLocalStorageProviderSingleton.getRunnableConfig() ?? {};
  return ambient.callbacks;
}

/**
 * Merges configs and keeps the callbacks of the run this happens in, if any: LangChain drops those when a call brings
 * callbacks of its own.
 */
export function mergeWithAmbient(...configs: readonly Partial<RunnableConfig>[]): Partial<RunnableConfig> {
  const callbacks = ambientCallbacks();
  return mergeConfigs(...(callbacks === undefined ? [] : [{ callbacks }]), ...configs);
}

/** Where LangChain keeps the ambient config. */
const ambientKey = Symbol.for('lc:child_config');

/**
 * Calls a function in which LangChain's models, tools and runnables report to a handler, beside whoever they report to
 * anyway; also those that are called with callbacks of their own, and behind functions that LangSmith traces, which
 * keep the ambient config from what they call.
 */
export function withHandler<Result>(handler: BaseCallbackHandler, call: () => Result): Result {
  const config = mergeWithAmbient({ callbacks: [handler] });
  const storage = AsyncLocalStorageProviderSingleton.getInstance();
  const outer = storage.getStore();
  // `run` with the store of outside would let out what is set in it.
  return storage.run({}, () => {
    storage.enterWith(outer);
    setContextVariable(handler.name, handler);
    registerConfigureHook({ contextVar: handler.name, inheritable: true });
    // LangChain's runWithConfig would turn off the tracing to LangSmith that the environment asks for.
    const store: { extra?: object } = storage.getStore();
    const extra = { ...store.extra, [ambientKey]: config };
    return storage.run(copyWith(store, [{ at: ['extra'], value: extra }]), call);
  });
}
