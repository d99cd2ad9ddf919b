import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { ProgramExample } from 'gepa-core';
import type { RequestContextValues } from '../program/request-context.ts';
import type { MockedTools } from '../program/tool-mocks.ts';

/** An example for an agent or a workflow. `input` is the messages for an agent, or the input data of a workflow. */
export interface MastraExample<Input = MessageListInput, Expected = unknown>
  extends ProgramExample<Input, Expected>,
    MockedTools {
  /** Read by dynamic instructions, tools and models. Every rollout gets its own copy. */
  readonly requestContext?: RequestContextValues;
  /** The steps that trajectory scorers expect, in their own form. */
  readonly expectedTrajectory?: unknown;
  /** Resumes a workflow that suspends its run, at any step. Alternative: `metadata.resumeData`. */
  readonly resumeData?: unknown;
  /** The same, by the id of the suspended step. Alternative: `metadata.resumeSteps`. */
  readonly resumeSteps?: Readonly<Record<string, unknown>>;
  /** Options for `run.start` of a workflow, such as `initialState`. */
  readonly startOptions?: object;
}
