import { describeSchema } from '../text/describe-schema.ts';
import type { StepTool } from './trace.ts';

const maxTools = 40;
const maxDescriptionCharacters = 600;

/**
 * The tools that a model may call, for the step of a model call. It is kept short, since a run directory has every call:
 * the first 40 tools, the first 600 characters of a description, and JSON schemas of arguments by `describeSchema`.
 */
export function stepTools(
  tools: readonly {
    readonly name: string;
    readonly description?: string;
    readonly arguments?: unknown;
  }[],
): StepTool[] {
  return tools.slice(0, maxTools).map(({ name, description, arguments: schema }) => ({
    name,
    description: description?.slice(0, maxDescriptionCharacters) || undefined,
    arguments: schema === undefined ? undefined : describeSchema(schema),
  }));
}
