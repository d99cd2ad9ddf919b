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
   * and within the compiled program these objects have the candidate's texts; elsewhere they are unchanged. A string is a
   * text that the program sends to chat models, whole or within a system or human message.
   */
  readonly parts?: Readonly<Record<string, object | string>>;
  /** Texts inside functions of the program (nodes, tools, lambdas, an `entrypoint`) to optimize as well. */
  readonly tunables?: readonly AnyTunable[];
  /**
   * Whether to optimize the descriptions of tools, of their schemas at every depth, and of structured output. Default
   * `false`: better descriptions do not always help, and all components share the budget.
   */
  readonly tools?: boolean;
}

/**
 * Checks the options' types, for callers without TypeScript.
 *
 * @param expected what each option and each of its entries must be, in words.
 * @throws {OptionsError} listing every problem.
 */
export function checkOptions(
  options: GepaOptions,
  expected: Partial<Record<CheckedOption, readonly [whole: string, entry?: string]>> = {},
): void {
  if (!isNode(options) || Array.isArray(options)) throw new OptionsError(['The options must be an object.']);
  checkOptionNames(options, ['config', ...Object.keys(rules)]);
  const problems = Object.entries(rules).flatMap(([name, [isValid, isEntry]]) => {
    const value = options[name];
    if (value === undefined) return [];
    const [whole = 'of another type', entry = whole] = expected[name as CheckedOption] ?? [];
    if (!isValid(value)) return [`\`${name}\` must be ${whole}.`];
    return Object.entries(value as object).flatMap(([key, one]) =>
      isEntry === undefined || isEntry(one)
        ? []
        : [`\`${name}${Array.isArray(value) ? `[${key}]` : `.${key}`}\` must be ${entry}.`],
    );
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

export type CheckedOption = Exclude<keyof GepaOptions, 'config'>;

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isRecord = (value: unknown) => isNode(value) && !Array.isArray(value) && !isRunnable(value);

type Check = (value: unknown) => boolean;

const rules: Readonly<Record<CheckedOption, readonly [isValid: Check, isEntry?: Check]>> = {
  tunables: [Array.isArray, isTunable],
  parts: [isRecord, (part) => isNode(part) || isText(part)],
  tools: [(value) => typeof value === 'boolean'],
  include: [Array.isArray, isText],
  exclude: [Array.isArray, isText],
  rename: [isRecord, isText],
  variables: [isRecord, areTexts],
};

function isTunable(value: unknown): boolean {
  return isTunablePrompt(value) || (isNode(value) && isText(value.name) && isNode(value.component));
}
