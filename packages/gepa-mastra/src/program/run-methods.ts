import type { Agent } from '@mastra/core/agent';
import type { ModelOptions as CallOptions, Derivation, Method } from './derivation.ts';
import { contextOf } from './run-context.ts';

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

/** The methods of copies without the texts and parts of their derivation, which those of a later one must be inside of. */
const bareMethods = new WeakMap<object, Readonly<Record<string, Method>>>();

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
  const within = contextOf(derivation, agent, copy);
  const earlier = bareMethods.get(copy);
  const methods = copy as unknown as Partial<Record<string, Method>>;
  const bare: Record<string, Method> = {};
  for (const key of runMethods) {
    const method = earlier?.[key] ?? methods[key]?.bind(copy);
    if (method === undefined) continue;
    bare[key] = !recordedMethods.has(key)
      ? method
      : (messages, options, ...rest) =>
          method(
            messages,
            { ...wrapModelsIn((options ?? {}) as CallOptions), ...recording?.runOptions(copy, key, options) },
            ...rest,
          );
    const run: Method = (...args) => within(() => bare[key]?.(...args));
    Object.assign(copy, {
      [key]: (recordedMethods.has(key) && recording?.agentMethod(copy, { key, name }, run)) || run,
    });
  }
  bareMethods.set(copy, bare);
}
