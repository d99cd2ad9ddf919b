import type { Plain } from './plain.ts';

/** Fields that only say which answer belongs to which tool call. */
const references: ReadonlySet<string> = new Set(['toolCallId', 'tool_call_id', 'tool_use_id', 'call_id']);
/** What a tool call has beside its id. */
const callFields = ['args', 'arguments', 'input', 'function'];

/** The same for entries of a trace that say the same. The ids of tool calls, new for each call, make no difference. */
export function entryKey(entry: Plain): string {
  return JSON.stringify(entry, (key, value) => {
    if (references.has(key)) return undefined;
    return isToolCall(value) ? { ...value, id: undefined } : value;
  });
}

function isToolCall(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    callFields.some((field) => Object.hasOwn(value, field))
  );
}
