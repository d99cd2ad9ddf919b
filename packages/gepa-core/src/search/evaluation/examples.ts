import { canonicalJson } from '../../text/canonical-json.ts';

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
