import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Candidate } from 'gepa-core';
import type { recordModelCall } from '../trace/record-model-call.ts';
import type { Recorder } from '../trace/recorder.ts';
import type { AgentComponents } from './discovery.ts';
import type { recordedMethod, recordedStep, recordRun, rolloutOptions } from './record-runs.ts';
import type { recordedTool } from './recorded-tool.ts';
import type { Rewrite } from './tool-descriptions.ts';

/** The models in the options of a call. */
export interface ModelOptions {
  readonly model?: Agent['model'];
  readonly structuredOutput?: { readonly model?: Agent['model'] };
  /** May select another model for the next step. */
  prepareStep?(step: StepContext): unknown;
}

export interface StepContext {
  readonly requestContext?: RequestContext;
}

/** How a rollout records model calls. */
export interface Recording {
  readonly recordModelCall: typeof recordModelCall;
  readonly recordedMethod: typeof recordedMethod;
  readonly recordedStep: typeof recordedStep;
  readonly recordedTool: typeof recordedTool;
  readonly rolloutOptions: typeof rolloutOptions;
  readonly recordRun: typeof recordRun;
  changeAgent(derivation: Derivation, copy: Agent): void;
  changeWorkflow(copy: AnyWorkflow): void;
}

/** One derived program. Its parts may refer to each other; each is copied once. */
export interface Derivation {
  readonly candidate: Candidate;
  /** Set when the program is derived for one rollout. */
  readonly recorder: Recorder | undefined;
  readonly recording: Recording | undefined;
  /** The copy of an agent. */
  agent(agent: Agent): Agent;
  /** The copy of a workflow. */
  workflow(workflow: AnyWorkflow): AnyWorkflow;
  /** The copy of a tool in a rollout; otherwise the tool itself. */
  tool<Tool>(tool: Tool, name: string): Tool;
  componentsOf(agent: Agent): AgentComponents;
  /** Calls a function in which tunables have the candidate's texts, and calls of parts go to their copies. */
  within<Result>(call: () => Result): Result;
  /** The new text of a component; undefined when the candidate does not change it. */
  rewrite(component: string | undefined): Rewrite | undefined;
}
