/** An object of the program. It may come from another copy of LangChain, so check its fields instead of its class. */
export type Node = Readonly<Record<string, unknown>>;

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** A node that can be invoked. */
export type RunnableNode = Node & { readonly lc_runnable: true };

export function isRunnable(value: unknown): value is RunnableNode {
  return isNode(value) && value.lc_runnable === true;
}

/** A message of a conversation. */
export type MessageNode = Node & { readonly content: unknown; _getType(): string };

export function isMessage(value: unknown): value is MessageNode {
  return isNode(value) && !isRunnable(value) && typeof value._getType === 'function' && 'content' in value;
}

/** A prompt template, whose runs LangChain traces as prompts. */
export function isPromptTemplate(value: unknown): value is Node {
  return isNode(value) && typeof value.formatPromptValue === 'function';
}

/** A plain object of runnables. */
export function isRunnableRecord(value: unknown): value is Record<string, Node> {
  return (
    isNode(value) && !Array.isArray(value) && !isRunnable(value) && Object.values(value).every(isRunnable)
  );
}

/** The name of a value's class or type; LangChain's own name for its classes. */
export function typeName(value: unknown): string {
  if (!isNode(value)) return value === null ? 'null' : typeof value;
  const type = value.constructor as unknown as { lc_name?: unknown; name?: string } | undefined;
  return typeof type?.lc_name === 'function' ? String(type.lc_name()) : (type?.name ?? 'object');
}

/** The name that the program's author gave a runnable: `name`, or `runName` in `withConfig`. */
export function ownName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const runName = isNode(node.config) ? node.config.runName : undefined;
  return [runName, node.name].find((name): name is string => typeof name === 'string' && name !== '');
}
