// Without it, LangChain core does not carry the ambient config, and what a program's functions call is not traced.
import '@langchain/core/context';
import { mergeConfigs, type RunnableConfig } from '@langchain/core/runnables';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';

/**
 * Merges configs and keeps the callbacks of the run this happens in, if any: LangChain drops those when a call brings
 * callbacks of its own.
 */
export function mergeWithAmbient(...configs: readonly Partial<RunnableConfig>[]): Partial<RunnableConfig> {
  const ambient: Partial<RunnableConfig> = AsyncLocalStorageProviderSingleton.getRunnableConfig() ?? {};
  const { callbacks } = ambient;
  return mergeConfigs(...(callbacks === undefined ? [] : [{ callbacks }]), ...configs);
}
