import type { RunnableConfig } from '@langchain/core/runnables';
import { type ComponentSelectionOptions, OptionsError, type ProgramExample } from 'gepa-core';
import { checkOptionNames } from 'gepa-core/adapter';
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
  readonly config?: RolloutConfig | ((example: ProgramExample) => RolloutConfig);
  /**
   * Objects that functions of the program call (nodes, tools, lambdas), by names of your choice: prompt templates,
   * messages, runnables, agents, compiled graphs. Their texts become components, named `<part>.<text>`. Within a rollout
   * and within the compiled program these objects have the candidate's texts; elsewhere they are as ever. A string is a
   * text that the program sends to chat models, whole or within a system or human message.
   */
  readonly parts?: Readonly<Record<string, object | string>>;
  /** Texts inside functions of the program (nodes, tools, lambdas, an `entrypoint`) to optimize as well. */
  readonly tunables?: readonly AnyTunable[];
  /**
   * Whether to optimize the descriptions of tools, of their schemas at every depth, and of structured output. Default
   * `false`: better descriptions do not always help, and each one is another component that shares the budget.
   */
  readonly tools?: boolean;
}

/**
 * Checks the options' types, for callers without TypeScript.
 * @throws {OptionsError} listing every problem.
 */
export function checkOptions(options: GepaOptions): void {
  if (!isNode(options) || Array.isArray(options)) throw new OptionsError(['The options must be an object.']);
  checkOptionNames(options, ['config', ...Object.keys(rules)]);
  const problems = Object.entries(rules).flatMap(([name, { isValid, expected }]) => {
    const value = options[name];
    return value === undefined || isValid(value) ? [] : [`\`${name}\` must be ${expected}.`];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

const rules = {
  tunables: {
    isValid: (value) => Array.isArray(value) && value.every(isTunable),
    expected: 'an array of results of `tunable(name, text)`',
  },
  parts: {
    isValid: (value) =>
      isNode(value) &&
      !Array.isArray(value) &&
      !isRunnable(value) &&
      Object.values(value).every((part) => isNode(part) || isText(part)),
    expected: 'an object of parts by name, as in `{ agent }`',
  },
  tools: { isValid: (value) => typeof value === 'boolean', expected: '`true` or `false`' },
  include: { isValid: areTexts, expected: 'an array of names' },
  exclude: { isValid: areTexts, expected: 'an array of names' },
  rename: {
    isValid: (value) => isNode(value) && !Array.isArray(value) && Object.values(value).every(isText),
    expected: 'an object of new names by found name',
  },
  variables: {
    isValid: (value) => isNode(value) && !Array.isArray(value) && Object.values(value).every(areTexts),
    expected: 'an object of lists of words',
  },
} satisfies Record<
  Exclude<keyof GepaOptions, 'config'>,
  { isValid(value: unknown): boolean; expected: string }
>;

function isTunable(value: unknown): boolean {
  return isTunablePrompt(value) || (isNode(value) && isText(value.name) && isNode(value.component));
}
