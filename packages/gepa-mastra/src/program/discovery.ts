import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Component } from 'gepa-core';
import type { InstructionBlock } from './instruction-blocks.ts';
import type { SyncFailure } from './maybe-promise.ts';
import type { ToolLike } from './program.ts';

/** The component names of one agent. */
export interface AgentComponents {
  /** The unique name of the agent, with which its component names start. */
  readonly name: string;
  /** The components with the agent's instructions, by position in their list; 0 when they are no list. */
  readonly instructions: ReadonlyMap<number, string>;
  /** The blocks of instructions that were written in Studio; `instructions` has their positions. */
  readonly blocks?: readonly InstructionBlock[];
  /** The tools, by the names that a model sees. Its workflows are added when the agent lists them, which is asynchronous. */
  readonly tools: Map<string, ToolComponents>;
}

/** The component names of one tool. */
export interface ToolComponents {
  readonly description?: string;
  /** By the path of the field, for example `filter.city`. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A part of the program that cannot be optimized. `skip-reasons.ts` has the words, which production does not need. */
export interface SkippedPart {
  /** Where it is in the program. */
  readonly location: string;
  readonly why: SkipReason;
}

export type SkipReason =
  | { readonly kind: 'memory' | 'durable' }
  | { readonly kind: 'agentClass' | 'workflowClass' | 'unknownAgent'; readonly name: string }
  /** Functions that may call agents: a step of a workflow, or the tools of an agent. */
  | {
      readonly kind: 'function';
      readonly areTools: boolean;
      /** The names of those agents of the instance that the program does not have. */
      readonly others: readonly string[];
    }
  | { readonly kind: 'subAgents' | 'tools' | 'fields'; readonly read: SyncFailure }
  | { readonly kind: 'noDescription' | 'laterDescription' }
  | {
      readonly kind: 'instructions';
      readonly read: SyncFailure;
      readonly component: string;
      readonly isFromStudio: boolean;
    }
  | {
      readonly kind: 'promptBlock';
      readonly id: string;
      readonly component: string;
      /** Whether the option `texts` has the block, without its content. */
      readonly isGiven: boolean;
    }
  | { readonly kind: 'empty' }
  /** The text contains a tunable. */
  | { readonly kind: 'tunable'; readonly name: string }
  /** An item of a list that depends on the request, or changes from call to call. */
  | { readonly kind: 'varyingItem'; readonly reads: readonly string[] }
  /** The same, but the text is a component: what the function returns is replaced for every request. */
  | {
      readonly kind: 'replacedForAll';
      readonly reads: readonly string[];
      /** Whether the text is an item of a list. */
      readonly isItem: boolean;
      /** Whether the text is from the option `texts`: the function is asynchronous. */
      readonly isGiven?: boolean;
      readonly component: string;
    };

/** An agent or workflow that functions of the program call. */
export interface Part {
  /** The object that the functions call. */
  readonly live: Agent | AnyWorkflow;
  /** What runs in place of it in a program that gepa returned; otherwise the object itself. */
  readonly present: Agent | AnyWorkflow;
}

/** The components of a program. */
export interface Discovery {
  /** By name, in program order. */
  readonly components: Readonly<Record<string, Component>>;
  /** See `skippedParts`, which adds more. */
  readonly skipped: readonly SkippedPart[];
  /** Where agents and workflows are in the program. */
  readonly locations: ReadonlyMap<Agent | AnyWorkflow, string>;
  /** By agent and by agent id: a function may return a new agent object for each request. */
  readonly agents: ReadonlyMap<unknown, AgentComponents>;
  /** The agents and workflows that functions of the program call. */
  readonly parts: readonly Part[];
  /** The tools that functions of the program execute, by name. */
  readonly tools: readonly (readonly [name: string, tool: ToolLike])[];
  /** The workflows that an agent of the program offers as tools, by id. */
  readonly workflowTools: ReadonlyMap<string, ToolComponents>;
  /** The components that a rollout may not reach: those of parts, tunables and descriptions. */
  readonly reachable: ReadonlySet<string>;
}

/** A discovery in progress. */
export class Findings implements Discovery {
  readonly components: Record<string, Component> = Object.create(null);
  readonly skipped: SkippedPart[] = [];
  readonly parts: Part[] = [];
  readonly tools: (readonly [name: string, tool: ToolLike])[] = [];
  readonly reachable = new Set<string>();
  readonly locations = new Map<Agent | AnyWorkflow, string>();
  readonly workflowTools = new Map<string, ToolComponents>();
  readonly agents = new Map<unknown, AgentComponents>();

  skip(location: string, why: SkipReason): void {
    this.skipped.push({ location, why });
  }

  /** Adds the description of a tool, sub-agent or workflow; returns the component name if there is a text. */
  addDescription(component: string, text: string | undefined, location: string): string | undefined {
    if (text?.trim()) {
      this.components[component] = { text, kind: 'tool-description', location };
      this.reachable.add(component);
      return component;
    }
    this.skip(location, { kind: 'noDescription' });
    return undefined;
  }
}

/** The components of an agent that has none. */
export function noComponents(name: string): AgentComponents {
  return { name, instructions: new Map(), tools: new Map() };
}

export function instructionComponents({ instructions }: AgentComponents): string[] {
  return [...instructions.values()];
}

export function toolComponentNames({ description, fields }: ToolComponents): string[] {
  return [...(description === undefined ? [] : [description]), ...fields.values()];
}
