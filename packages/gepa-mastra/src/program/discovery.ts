import type { Component } from 'gepa-core';
import type { ToolPlan } from './tool-descriptions.ts';

/** Where the texts of one agent go. */
export interface AgentPlan {
  /** The agent's readable name: the beginning of its components' names. */
  readonly name: string;
  /** The component that holds its instructions. */
  readonly instructions?: string;
  /** By the name under which a model is offered the tool. */
  readonly tools: ReadonlyMap<string, ToolPlan>;
}

/** Something that was passed over. */
export interface Skipped {
  /** Where in the program it stands. */
  readonly location: string;
  readonly reason: string;
  /** What would make it reachable. */
  readonly hint: string;
}

/** What was found in a program. */
export interface Discovery {
  /** The texts that may change, by name, in the order of the program. */
  readonly components: Readonly<Record<string, Component>>;
  readonly skipped: readonly Skipped[];
  /** By agent, and by its id for agents that are made anew for each request. */
  readonly agents: ReadonlyMap<unknown, AgentPlan>;
}
