/** An example as the search handles it. */
export interface ExampleRef {
  /** Equal for examples of equal content, across trainset, valset and testset. */
  readonly key: number;
  /** The example's own `id`, or its set and position. */
  readonly id: string;
  readonly example: unknown;
}

/** Numbers the examples: equal plain data is one example, anything else counts by identity. */
export class ExampleIndex {
  readonly #byContent = new Map<string, number>();
  readonly #byIdentity = new Map<unknown, number>();
  readonly #maskName: (name: string) => string;
  #next = 0;

  /** @param maskName Masks what an id of an example should not show. */
  constructor(maskName: (name: string) => string = (name) => name) {
    this.#maskName = maskName;
  }

  add(example: unknown, setName: string, position: number): ExampleRef {
    const id = this.#maskName(ownId(example) ?? `${setName}:${position}`);
    return { key: this.#keyOf(example), id, example };
  }

  #keyOf(example: unknown): number {
    const known = this.#byIdentity.get(example);
    if (known !== undefined) return known;
    const content = canonicalJson(example);
    let key = content === undefined ? undefined : this.#byContent.get(content);
    if (key === undefined) {
      key = this.#next++;
      if (content !== undefined) this.#byContent.set(content, key);
    }
    this.#byIdentity.set(example, key);
    return key;
  }
}

function ownId(example: unknown): string | undefined {
  const id = (example as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** JSON with sorted keys; `undefined` where the value is not plain data throughout. */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value, new Set());
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

const notPlain = Symbol('not plain data');

function write(value: unknown, ancestors: Set<object>): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return JSON.stringify(value);
  if (typeof value !== 'object' || ancestors.has(value)) throw notPlain;
  ancestors.add(value);
  let text: string;
  if (Array.isArray(value)) {
    text = `[${value.map((item) => write(item, ancestors)).join(',')}]`;
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw notPlain;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    text = `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item, ancestors)}`).join(',')}}`;
  }
  ancestors.delete(value);
  return text;
}
