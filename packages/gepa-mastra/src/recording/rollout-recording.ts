import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import type { Derivation, PrepareStep, Recording } from '../program/derivation.ts';
import { mapMaybePromise } from '../program/maybe-promise.ts';
import { calledName } from '../program/model-names.ts';
import { recordModelCall } from '../trace/record-model-call.ts';
import type { Recorder } from '../trace/recorder.ts';
import { recordProcessors } from './record-processors.ts';
import { recordedMethod, recordedStep, recordRun, rolloutDefaults, rolloutOptions } from './record-runs.ts';
import { recordedTool } from './recorded-tool.ts';
import { RolloutMemories } from './rollout-memories.ts';
import { SentInstructions } from './sent-instructions.ts';

/** Makes the copy of an agent leave nothing behind: no messages, scores, logs or tasks. Records its processors. */
function changeAgent(
  recorder: Recorder,
  derivation: Derivation,
  copy: Agent,
  memories: RolloutMemories,
  wrapSelected: (select: PrepareStep) => PrepareStep,
): void {
  const hasMemory = copy.hasOwnMemory();
  const getMemory = copy.getMemory.bind(copy);
  Object.assign(copy, {
    // An empty one that ends with the rollout. Calls have no thread, so that only functions and networks use it.
    getMemory: async (args) => {
      const own = hasMemory ? await getMemory(args) : undefined;
      return own && memories.of(own);
    },
    hasOwnMemory: () => false,
    listScorers: async () => ({}),
  } satisfies Partial<Agent>);
  copy.__markStoredVersionApplied?.();
  copy.__setLogger(noopLogger);
  recordProcessors(copy, { derivation, wrapSelected });
  changeDefaultOptions(recorder, copy);
  // Results of background tasks would arrive after the rollout.
  (copy as Partial<Agent>).disableBackgroundTasks?.();
}

function changeDefaultOptions(recorder: Recorder, copy: Agent): void {
  const changed =
    <Args extends unknown[]>(read: (...args: Args) => object | Promise<object>) =>
    (...args: Args) =>
      mapMaybePromise(read.apply(copy, args), (options) => ({
        ...options,
        ...rolloutDefaults(recorder, options),
      }));
  const { getDefaultOptions, getDefaultNetworkOptions } = copy;
  Object.assign(copy, {
    getDefaultOptions: changed(getDefaultOptions),
    getDefaultNetworkOptions: changed(getDefaultNetworkOptions),
  });
}

/** Records with a recorder. Only rollouts need this: the small entry for production does not import this file. */
export function recordingOf(recorder: Recorder): Recording {
  const sent = new SentInstructions(recorder);
  const memories = new RolloutMemories();
  return {
    reads: recorder.reads,
    stepOptions: { scorers: undefined },
    storesRuns: () => recorder.storedRuns !== undefined,
    created: (workflow, runId) => recorder.storedRuns?.push({ workflow, runId }),
    changeAgent: (derivation, copy, components, wrapSelected) => {
      changeAgent(recorder, derivation, copy, memories, wrapSelected);
      sent.observe(copy, components);
    },
    changeWorkflow: (copy) => copy.__setLogger(noopLogger),
    modelCall: (candidate, components, model, options, call) =>
      recordModelCall(
        recorder,
        { modelId: calledName(model), components: sent.sentIn(options, components, candidate) },
        options,
        call,
      ),
    runOptions: (copy, key, options) => {
      sent.run(copy, options);
      return rolloutOptions(recorder, copy, key, options);
    },
    agentMethod: (copy, names, method) => recordedMethod(recorder, copy, names, method),
    step: (step) => recordedStep(recorder, step),
    tool: (tool, name) => recordedTool(recorder, tool, name),
    workflowStep: (name, input, call) => recorder.record({ kind: 'chain', name, input }, call),
    workflowRun: (name, input, start) => recordRun(recorder, name, input, start),
  };
}
