import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Candidate } from 'gepa-core';
import type { Recorder } from '../trace/recorder.ts';
import type { AgentPlan } from './discovery.ts';
import type { Rewrite } from './tool-descriptions.ts';

/** What is known while a program is derived: its parts may hold each other, and each is derived once. */
export interface Derivation {
  readonly texts: Candidate;
  /** Where the program is made for one rollout. */
  readonly recorder: Recorder | undefined;
  agent(agent: Agent): Agent;
  workflow(workflow: AnyWorkflow): AnyWorkflow;
  planOf(agent: Agent): AgentPlan;
  /** A component's text, where it is not the program's own. */
  rewrite(component: string | undefined): Rewrite | undefined;
}
