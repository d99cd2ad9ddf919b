import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Candidate } from 'gepa-core';
import type { AgentComponents, ToolComponents } from './discovery.ts';
import type { FlowStep } from './step-entries.ts';
import type { Rewrite } from './tool-descriptions.ts';
import type { CallWrapper } from './wrap-models.ts';

/** A method that runs an agent or a workflow. */
export type Method = (...args: unknown[]) => unknown;

/** The models in the options of a call. */
export interface ModelOptions {
  readonly model?: Agent['model'];
  readonly structuredOutput?: { readonly model?: Agent['model'] };
  /** May select another model for the next step. */
  prepareStep?(step: StepContext): unknown;
}

export type PrepareStep = NonNullable<ModelOptions['prepareStep']>;

export interface StepContext {
  readonly requestContext?: RequestContext;
}

/** What one rollout adds to the program that is derived for it: it records steps, and leaves nothing behind. */
export interface Recording {
  /** Receives the names of the tunables and parts that are read. */
  readonly reads: Set<string>;
  /** Options of agents, tools and steps in a workflow. */
  readonly stepOptions: object;
  /** Whether the runs of workflows are stored, so that they can be resumed. */
  storesRuns(): boolean;
  /** Notes a run that was created. */
  created(workflow: AnyWorkflow, runId: string): void;
  /** @param wrapSelected wraps the models that a function selects for a step. */
  changeAgent(
    derivation: Derivation,
    copy: Agent,
    components: AgentComponents,
    wrapSelected: (select: PrepareStep) => PrepareStep,
  ): void;
  changeWorkflow(copy: AnyWorkflow): void;
  /** Wraps the calls of an agent's models. */
  modelCall(
    candidate: Candidate,
    components: AgentComponents,
    ...call: Parameters<CallWrapper>
  ): ReturnType<CallWrapper>;
  /** The options of a run of an agent, in addition to those of its caller. `key` is the method that runs it. */
  runOptions(copy: Agent, key: string, options: unknown): object;
  agentMethod(copy: Agent, names: { readonly key: string; readonly name: string }, method: Method): Method;
  step(step: FlowStep): FlowStep;
  tool<Tool>(tool: Tool, name: string): Tool;
  /** A workflow that is a step of another workflow, or a tool. */
  workflowStep<Result>(name: string, input: unknown, call: () => Promise<Result>): Promise<Result>;
  /** A run of a workflow that a function or an agent starts. */
  workflowRun(name: string, input: unknown, start: () => unknown): unknown;
}

/** One derived program. Its parts may refer to each other; each is copied once. */
export interface Derivation {
  readonly candidate: Candidate;
  /** Set when the program is derived for one rollout. */
  readonly recording: Recording | undefined;
  /** The copy of an agent. */
  agent(agent: Agent): Agent;
  /** The copy of a workflow. */
  workflow(workflow: AnyWorkflow): AnyWorkflow;
  /** The copy of a tool in a rollout; otherwise the tool itself. */
  tool<Tool>(tool: Tool, name: string): Tool;
  /** The copy of an agent or workflow of the program; undefined for others. */
  copyOf(source: object): object | undefined;
  componentsOf(agent: Agent): AgentComponents;
  /** The components of a workflow that an agent offers as a tool. */
  workflowTool(workflow: AnyWorkflow): ToolComponents | undefined;
  /** Calls a function in which tunables have the candidate's texts, and calls of parts go to their copies. */
  within<Result>(call: () => Result): Result;
  /** The new text of a component; undefined when the candidate does not change it. */
  readonly rewrite: (component: string | undefined) => Rewrite | undefined;
}
