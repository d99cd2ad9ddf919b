import type { Agent } from '@mastra/core/agent';
import type { ModelOptions as CallOptions, Derivation, Method } from './derivation.ts';

/** The methods of an agent that run it. A version of Mastra may lack some. */
export const runMethods = [
  'generate',
  'stream',
  'streamUntilIdle',
  'network',
  'generateLegacy',
  'streamLegacy',
  'resumeGenerate',
  'resumeStream',
  'resumeStreamUntilIdle',
  'resumeNetwork',
  'approveToolCall',
  'declineToolCall',
  'approveToolCallGenerate',
  'declineToolCallGenerate',
  'approveNetworkToolCall',
  'declineNetworkToolCall',
  'sendStreamResume',
  'sendToolApproval',
] as const;

/** The methods that take messages and options. Not `streamUntilIdle`, which calls `stream`. */
const recordedMethods: ReadonlySet<string> = new Set([
  'generate',
  'stream',
  'network',
  'generateLegacy',
  'streamLegacy',
]);

/**
 * Makes the methods that run a copy use the derivation's texts, models and parts. In a rollout, runs are steps of the
 * trace, and no live scorers run.
 */
export function changeRunMethods(
  derivation: Derivation,
  agent: Agent,
  copy: Agent,
  wrapModelsIn: (options: CallOptions) => CallOptions,
): void {
  const { recording } = derivation;
  const { name } = derivation.componentsOf(agent);
  const methods = copy as unknown as Partial<Record<string, Method>>;
  for (const key of runMethods) {
    const method = methods[key]?.bind(copy);
    if (method === undefined) continue;
    const within: Method = (...args) => derivation.within(() => method(...args));
    if (!recordedMethods.has(key)) {
      Object.assign(copy, { [key]: within });
      continue;
    }
    const withModels: Method = (messages, options, ...rest) =>
      within(
        messages,
        { ...wrapModelsIn((options ?? {}) as CallOptions), ...recording?.runOptions(copy, key, options) },
        ...rest,
      );
    const run = recording?.agentMethod(copy, { key, name }, withModels) ?? withModels;
    Object.assign(copy, { [key]: run });
  }
}
