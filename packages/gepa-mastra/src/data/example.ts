import type { MessageListInput } from '@mastra/core/agent/message-list';
import { RequestContext } from '@mastra/core/request-context';
import type { ProgramExample } from 'gepa-core';

/** An example for an agent or a workflow: `input` is its messages, or the workflow's input data. */
export interface MastraExample<Input = MessageListInput, Expected = unknown>
  extends ProgramExample<Input, Expected> {
  /** What dynamic instructions, tools and models read. Every rollout gets a copy of its own. */
  readonly requestContext?: RequestContextValues;
}

/** A request context, or its entries by name. */
export type RequestContextValues =
  | { entries(): Iterable<readonly unknown[]> }
  | Readonly<Record<string, unknown>>;

/** A fresh request context: later values win. Lists and plain objects are copies, so that no run sees what another did. */
export function freshRequestContext(...given: readonly (RequestContextValues | undefined)[]): RequestContext {
  const context = new RequestContext();
  for (const values of given) {
    if (values === undefined) continue;
    const entries = isRequestContext(values) ? values.entries() : Object.entries(values);
    for (const [key, value] of entries) context.set(String(key), copyOf(value));
  }
  return context;
}

function isRequestContext(
  values: RequestContextValues,
): values is Extract<RequestContextValues, { entries(): unknown }> {
  return typeof values.entries === 'function';
}

/** A copy of plain data all the way down; what is of a class stays itself. */
function copyOf(value: unknown, copies = new Map<unknown, unknown>()): unknown {
  if (!Array.isArray(value) && !isPlainObject(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const copy: object = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) Object.assign(copy, { [key]: copyOf(item, copies) });
  return copy;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
