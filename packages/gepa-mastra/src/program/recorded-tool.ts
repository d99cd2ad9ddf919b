import { copyWith } from './copy-with.ts';
import type { Derivation } from './derivation.ts';

/** A tool whose calls are steps of the trace of a rollout. */
export function recordedTool<Tool>(derivation: Derivation, tool: Tool, name: string): Tool {
  const { recorder } = derivation;
  const { execute } = tool as { execute?: (input: unknown, ...rest: unknown[]) => unknown };
  if (recorder === undefined || typeof execute !== 'function') return tool;
  return copyWith(tool as object, {
    execute: (input: unknown, ...rest: unknown[]) =>
      recorder.around({ kind: 'tool', name, input }, () => execute.call(tool, input, ...rest)),
  }) as Tool;
}
