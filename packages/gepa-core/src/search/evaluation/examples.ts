import { freeName } from '../../component.ts';
import { canonicalJson } from '../../text/canonical-json.ts';

/** An example as the search handles it. */
export interface ExampleRef {
  /** Equal for examples of equal content, across trainset, valset and testset. */
  readonly key: number;
  /**
   * The example's own `id`, or its set and position; both where another example has that id already. Within a run, no two
   * examples have one id.
   */
  readonly id: string;
  readonly example: unknown;
}

/** Numbers the examples: equal plain data is one example, anything else counts by identity. */
export class ExampleIndex {
  readonly #byContent = new Map<string, number>();
  readonly #byIdentity = new Map<unknown, number>();
  readonly #keyById = new Map<string, number>();
  readonly #maskName: (name: string) => string;
  #next = 0;

  /** @param maskName Masks what an id of an example should not show. */
  constructor(maskName: (name: string) => string = (name) => name) {
    this.#maskName = maskName;
  }

  add(example: unknown, setName: string, position: number): ExampleRef {
    const key = this.#keyOf(example);
    const place = `${setName}:${position}`;
    const id = this.#uniqueId(this.#maskName(ownId(example) ?? place), place, key);
    return { key, id, example };
  }

  #uniqueId(id: string, place: string, key: number): string {
    const isFree = (this.#keyById.get(id) ?? key) === key;
    const unique = isFree ? id : freeName(`${id} (${place})`, this.#keyById);
    this.#keyById.set(unique, key);
    return unique;
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
