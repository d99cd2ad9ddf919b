import type { AgentInstructions } from '@mastra/core/agent';
import {
  aFlag,
  anObject,
  anyValue,
  aText,
  type ComponentSelectionOptions,
  type Kind,
  NoComponentsError,
  OptionsError,
  type ProgramTexts,
  selectionKinds,
  type Tunable,
} from 'gepa-core/load';
import { deriveProgram } from './program/derive-program.ts';
import { discover, type Explain, referToGepa } from './program/discover.ts';
import type { ToolOptions } from './program/discover-tools.ts';
import type { Discovery } from './program/discovery.ts';
import type { InstructionBlock } from './program/instruction-blocks.ts';
import { hookParts, type Parts } from './program/parts.ts';
import {
  isAgent,
  isMastra,
  isWorkflow,
  type Program,
  typeName,
  type WorkflowLike,
} from './program/program.ts';
import { freshRequestContext, type RequestContextValues } from './program/request-context.ts';
import type { Skipped } from './program/skip-reasons.ts';

/** Which texts of an agent or a workflow are components. */
export interface TextOptions extends ComponentSelectionOptions {
  /** Whether descriptions of tools, of their input fields, of sub-agents and of `workflows` are components. Default `false`. */
  readonly tools?: boolean | undefined;
  /** The request context for dynamic instructions and for every rollout. An example's own values override it. */
  readonly requestContext?: RequestContextValues | undefined;
  /**
   * The workflows that the agent offers as tools, so that the agents in them are optimized too:
   * `await agent.listWorkflows()`.
   */
  readonly workflows?: Readonly<Record<string, WorkflowLike>> | undefined;
  /**
   * Initial instructions by component name, for instructions that come from an asynchronous function. For those that
   * were written in Studio, the blocks of the agent's version.
   */
  readonly texts?: Readonly<Record<string, AgentInstructions | readonly InstructionBlock[]>> | undefined;
  /** Texts in functions of the program, made with `tunable`. */
  readonly tunables?: readonly Tunable[] | undefined;
  /**
   * The agents and workflows that functions of steps and tools call, by name: `{ weatherAgent }`, or a Mastra instance
   * for all of its agents and workflows. Within runs of the program they run with the candidate's texts; elsewhere they
   * are unchanged.
   */
  readonly parts?: Parts | undefined;
}

/** What each option of `gepa` and `load` must be. */
export const optionKinds = {
  ...selectionKinds,
  tools: aFlag,
  requestContext: { ...anObject, words: 'a request context, or an object of its values' },
  config: {
    words: 'an object of options for calls, or a function that returns one',
    is: (value) => anObject.is(value) || typeof value === 'function',
  },
  workflows: { ...anObject, words: 'an object of workflows by name, as `agent.listWorkflows()` returns' },
  texts: { ...anObject, words: 'an object of instructions by component' },
  tunables: {
    words: 'an array of results of `tunable(name, text)`',
    is: Array.isArray,
    each: { words: 'a result of `tunable(name, text)`', is: isTunable, isRequired: true },
  },
  // `partsOf` checks them.
  parts: anyValue,
} satisfies Record<keyof TextOptions | 'config', Kind>;

function isTunable(value: unknown): boolean {
  const { name, component } = (value ?? {}) as Partial<Tunable>;
  return aText.is(name) && anObject.is(component);
}

/** The texts of an agent or a workflow. */
export interface FoundTexts<Source> extends ProgramTexts<Source> {
  readonly discovery: Discovery;
  /** The texts and agents that the program has now. */
  readonly discoverAgain: () => Discovery;
  /** Ends the redirection of calls of the parts to their copies. */
  readonly dispose: () => void;
}

const asListItem = ({ location, reason, hint }: Skipped) => `\n- ${location}: ${reason} ${hint}`;

/**
 * Finds the texts of an agent, with its sub-agents, or of a workflow. The selection is left to the caller.
 *
 * @param explain not needed in production.
 * @throws {NoComponentsError} when there is none; `explain` says what was skipped.
 * @throws {OptionsError} when the program is not an agent or workflow, or an option contains an unknown name.
 */
export function findTexts<Source extends Program>(
  program: Source,
  options: TextOptions & { readonly config?: unknown },
  explain?: Explain,
): FoundTexts<Source> {
  if (isMastra(program)) {
    throw new OptionsError([
      'The program is a Mastra instance. Give the agent or workflow that is called from outside, with the instance as `parts`: gepa(mastra.getAgent(…), { parts: mastra }).',
    ]);
  }
  if (!isAgent(program) && !isWorkflow(program)) {
    throw new OptionsError([
      `The program must be an Agent or a workflow of @mastra/core, but it is ${typeName(program)}. For a durable agent, pass the agent that it wraps.`,
    ]);
  }
  const discoverAgain = () =>
    discover(program, {
      ...options,
      requestContext: freshRequestContext(options.requestContext),
      // A function makes other options for each rollout.
      config: typeof options.config === 'function' ? undefined : ((options.config ?? {}) as ToolOptions),
      explain,
    });
  const discovery = discoverAgain();
  const { components } = discovery;
  if (Object.keys(components).length === 0) {
    const reasons = explain?.(discovery.skipped, discovery).map(asListItem).join('');
    throw new NoComponentsError(
      `There is no text to optimize in ${program.id}.${reasons ?? ` ${referToGepa}`}`,
    );
  }
  let unhook: (() => void) | undefined;
  return {
    components,
    discovery,
    discoverAgain,
    dispose: () => {
      unhook?.();
      unhook = undefined;
    },
    apply: (candidate) => {
      unhook ??= hookParts(discovery);
      return deriveProgram(program, { discovery, candidate });
    },
  };
}
