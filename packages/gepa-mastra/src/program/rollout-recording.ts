import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { recordModelCall } from '../trace/record-model-call.ts';
import type { Derivation, Recording } from './derivation.ts';
import { recordProcessors } from './record-processors.ts';
import { recordedMethod, recordedStep, recordRun, rolloutOptions } from './record-runs.ts';
import { recordedTool } from './recorded-tool.ts';

/** Makes the copy of an agent leave nothing behind: no memory, scores, logs or tasks. Records its processors. */
function changeAgent(derivation: Derivation, copy: Agent): void {
  Object.assign(copy, {
    getMemory: async () => undefined,
    hasOwnMemory: () => false,
    listScorers: async () => ({}),
  } satisfies Partial<Agent>);
  copy.__markStoredVersionApplied?.();
  copy.__setLogger(noopLogger);
  recordProcessors(derivation, copy);
  // Results of background tasks would arrive after the rollout.
  (copy as Partial<Agent>).disableBackgroundTasks?.();
}

/** The parts of the recording, which only rollouts need: the small entry for production does not import this file. */
export const recording: Recording = {
  recordModelCall,
  changeAgent,
  changeWorkflow: (copy) => copy.__setLogger(noopLogger),
  recordedMethod,
  recordedStep,
  recordedTool,
  recordRun,
  rolloutOptions,
};
