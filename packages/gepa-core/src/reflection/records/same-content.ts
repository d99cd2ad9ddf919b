/** The fields in which frameworks wrap an answer. */
const wrappers: ReadonlySet<string> = new Set(['text', 'object', 'content', 'output', 'answer']);

/**
 * Whether two values show the same to a reader: text with JSON equals the value, and a wrapped answer, or the arguments of
 * a single tool call, the answer.
 */
export function hasSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [one, other] = [keyOf(contentOf(a)), keyOf(contentOf(b))];
  return one !== undefined && (one === other || isWrapped(b, one) || isWrapped(a, other));
}

/** Whether values show all that another has: the same content, or together fields of these names with the same values. */
export function haveContentOf(values: readonly unknown[], part: unknown): boolean {
  if (values.some((value) => hasSameContent(value, part))) return true;
  const fields = new Set(values.flatMap((value) => [...fieldsIn(contentOf(value))]));
  const partFields = [...fieldsIn(part)];
  return partFields.length > 0 && partFields.every((field) => field !== undefined && fields.has(field));
}

/** The fields at any depth that have no fields of their own; `undefined` for what is not a field. */
function* fieldsIn(value: unknown): Generator<string | undefined> {
  const node = parsed(value);
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return yield undefined;
  for (const [name, field] of Object.entries(node)) {
    const inner = parsed(field);
    const hasFields = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    if (hasFields) yield* fieldsIn(field);
    else yield `${name}: ${keyOf(field)}`;
  }
}

/** If an answer is the call of a tool that defines the form of the answer, its content is the arguments of the call. */
function contentOf(value: unknown): unknown {
  const { toolCalls } = (value ?? {}) as { readonly toolCalls?: unknown };
  return Array.isArray(toolCalls) && toolCalls.length === 1 ? (toolCalls[0]?.args ?? value) : value;
}

function isWrapped(value: unknown, key: string | undefined): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields = Object.entries(value);
  return fields.length > 0 && fields.every(([name, field]) => wrappers.has(name) && keyOf(field) === key);
}

/** Equal for values with the same fields, in any order. */
function keyOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(parsed(value), (_, field: unknown) =>
      typeof field === 'object' && field !== null && !Array.isArray(field)
        ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
        : field,
    );
  } catch {
    return undefined;
  }
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (!/^(\{[\s\S]*\}|\[[\s\S]*\])$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
