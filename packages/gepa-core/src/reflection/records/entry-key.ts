import type { Plain } from '../../text/plain.ts';

/** Fields with the id of a tool call, in the result of the call. */
export const idFields: ReadonlySet<string> = new Set([
  'toolCallId',
  'tool_call_id',
  'tool_use_id',
  'call_id',
]);
/** Fields that identify an object with an `id` as a tool call. */
const callFields = ['args', 'arguments', 'input', 'function'];

/** A string that is equal for trace entries with equal contents, ignoring the ids of tool calls. */
export function entryKey(entry: Plain): string {
  return JSON.stringify(entry, (key, value) => {
    if (idFields.has(key)) return undefined;
    return isToolCall(value) ? { ...value, id: undefined } : value;
  });
}

/** Whether a value is a tool call: its `id` only connects it with its result. */
export function isToolCall(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    callFields.some((field) => Object.hasOwn(value, field))
  );
}
