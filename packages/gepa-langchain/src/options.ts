import type { RunnableConfig } from '@langchain/core/runnables';
import type { ProgramExample } from 'gepa-core';
import {
  aFlag,
  anObject,
  aText,
  type ComponentSelectionOptions,
  type Kind,
  selectionKinds,
} from 'gepa-core/load';
import { isNode, isRunnable } from './program/node.ts';
import { type AnyTunable, isTunablePrompt } from './tunable.ts';

/** The config of a call: LangChain's, and the `context` of LangGraph. */
export type RolloutConfig = RunnableConfig & { readonly context?: unknown };

/** Options for `gepa(program, options)`. */
export interface GepaOptions extends ComponentSelectionOptions {
  /**
   * The config of every rollout: callbacks, tags, configurable values. A function returns one config per rollout, for
   * values that rollouts must not share, such as a session. By default every rollout runs in a new thread, which is
   * kept in memory instead of in the program's checkpointer.
   */
  readonly config?: RolloutConfig | ((example: ProgramExample) => RolloutConfig) | undefined;
  /**
   * Objects that functions of the program call (nodes, tools, lambdas), by names of your choice: prompt templates,
   * messages, runnables, agents, compiled graphs. Their texts become components, named `<part>.<text>`. Within a rollout
   * and within the compiled program these objects have the candidate's texts; elsewhere they are unchanged. A string is a
   * text that the program sends to chat models, whole or within a system or human message.
   */
  readonly parts?: Readonly<Record<string, object | string>> | undefined;
  /** Texts inside functions of the program (nodes, tools, lambdas, an `entrypoint`) to optimize as well. */
  readonly tunables?: readonly AnyTunable[] | undefined;
  /**
   * Whether to optimize the descriptions of tools, of their schemas at every depth, and of structured output. Default
   * `false`: better descriptions do not always help, and all components share the budget.
   */
  readonly tools?: boolean | undefined;
}

/** What the options of `load` must be. */
export const textKinds = {
  ...selectionKinds,
  tunables: {
    words: 'an array of results of `tunable(name, text)`',
    is: Array.isArray,
    each: { words: 'a result of `tunable(name, text)`', is: isTunable, isRequired: true },
  },
  parts: {
    words: 'an object of parts by name, as in `{ agent }`',
    is: (value) => anObject.is(value) && !isRunnable(value),
    each: {
      words: `${aText.words}, or a prompt, message, runnable, agent or graph`,
      is: (part) => aText.is(part) || isNode(part),
      isRequired: true,
    },
  },
  tools: aFlag,
} satisfies Record<Exclude<keyof GepaOptions, 'config'>, Kind>;

function isTunable(value: unknown): boolean {
  return isTunablePrompt(value) || (isNode(value) && aText.is(value.name) && isNode(value.component));
}
