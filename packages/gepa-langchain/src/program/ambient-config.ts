import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { Callbacks } from '@langchain/core/callbacks/manager';
// This import also turns ambient configs on: without it, calls inside a program's functions are not traced.
import { registerConfigureHook, setContextVariable } from '@langchain/core/context';
import { mergeConfigs, type RunnableConfig } from '@langchain/core/runnables';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { copyWith } from './copy-with.ts';

/** The callbacks of the current LangChain run, if any. */
export function ambientCallbacks(): RunnableConfig['callbacks'] {
  const ambient: Partial<RunnableConfig> = AsyncLocalStorageProviderSingleton.getRunnableConfig() ?? {};
  return ambient.callbacks;
}

/**
 * Merges configs and keeps the callbacks of the current run, which LangChain drops when a call has callbacks of its
 * own.
 */
export function mergeWithAmbient(...configs: readonly Partial<RunnableConfig>[]): Partial<RunnableConfig> {
  const callbacks = ambientCallbacks();
  return mergeConfigs(...(callbacks === undefined ? [] : [{ callbacks }]), ...configs);
}

/** Callbacks with a handler before all others, which see what it did. */
export function withFirst(callbacks: Callbacks | undefined, handler: BaseCallbackHandler): Callbacks {
  if (callbacks === undefined || Array.isArray(callbacks)) return [handler, ...(callbacks ?? [])];
  const manager = callbacks.copy();
  manager.handlers.unshift(handler);
  manager.inheritableHandlers.unshift(handler);
  return manager;
}

/** The key under which LangChain stores the ambient config. */
const ambientKey = Symbol.for('lc:child_config');

/**
 * Calls a function in which LangChain's models, tools and runnables report to a handler, before their other handlers. Handlers
 * that a call inside the function adds come before it. This includes calls with callbacks of their own, and calls inside functions traced by LangSmith, which hide
 * the ambient config.
 */
export function withHandler<Result>(handler: BaseCallbackHandler, call: () => Result): Result {
  const config = mergeConfigs({ callbacks: withFirst(ambientCallbacks(), handler) });
  const storage = AsyncLocalStorageProviderSingleton.getInstance();
  const outer = storage.getStore();
  // In `run(outer, …)`, the variable set below would leak out of this call.
  return storage.run({}, () => {
    storage.enterWith(outer);
    setContextVariable(handler.name, handler);
    registerConfigureHook({ contextVar: handler.name, inheritable: true });
    // LangChain's runWithConfig would turn off the LangSmith tracing that the environment requests.
    const store: { extra?: object } = storage.getStore();
    const extra = { ...store.extra, [ambientKey]: config };
    return storage.run(copyWith(store, [{ at: ['extra'], value: extra }]), call);
  });
}
