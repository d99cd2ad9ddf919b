import { withoutCandidate } from 'gepa-core/load';
import { copyWith } from '../program/copy-with.ts';
import type { Recorder } from '../trace/recorder.ts';

type Execute = (input: unknown, ...rest: unknown[]) => unknown;

/** A copy of a tool whose calls are steps of the trace, and answered by mocks. For a client-side tool, the tool itself. */
export function recordedTool<Tool>(recorder: Recorder, tool: Tool, name: string): Tool {
  // A tool that functions execute also calls its copy within a rollout.
  const { execute } = withoutCandidate(() => ({ execute: (tool as { execute?: Execute }).execute }));
  if (typeof execute !== 'function') return tool;
  return copyWith(tool as object, {
    // A mocked call needs no approval.
    ...(recorder.mocks?.replaces(name) ? { requireApproval: false } : {}),
    execute: (input: unknown, ...rest: unknown[]) =>
      recorder.record({ kind: 'tool', name, input }, () => {
        const mocked = recorder.mocks?.resolve(name, input);
        return mocked === undefined ? execute.call(tool, input, ...rest) : mocked.output;
      }),
  }) as Tool;
}
