import type { AnyRollout } from '../../adapter/any.ts';
import type { PromptImage } from '../../adapter/prompt-image.ts';
import { imageOf, imagesInText } from '../../text/images.ts';
import { inputOf } from './example-parts.ts';

/** Further images, and those beyond this many base64 characters, are only mentioned. */
const promptLimits = { images: 8, characters: 8_000_000 };
/** The maximum for the calls of one rollout. */
const rolloutLimits = { images: 4, characters: 4_000_000 };
const maxDepth = 12;
/** The maximum number of objects that are searched: a result may refer to a whole application. */
const maxObjects = 50_000;

/** The images anywhere in the values, in parts of messages, bytes and texts; each once, as many as a prompt may have. */
export function imagesIn(values: readonly unknown[]): PromptImage[] {
  const found = new ImageSet(promptLimits);
  found.addAllIn(values);
  return found.images;
}

/** The images of rollouts: those of each input, then those of its calls. Where they are too many, all get a share. */
export function imagesOfRollouts(
  rollouts: readonly Pick<AnyRollout, 'example' | 'images' | 'trace'>[],
): PromptImage[] {
  const lists = rollouts.map(({ example, images, trace }) => [
    ...imagesIn([inputOf(example)]),
    ...(images ?? imagesIn([trace])),
  ]);
  const chosen = new ImageSet(promptLimits);
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  for (let place = 0; place < longest; place++) for (const list of lists) chosen.add(list[place]);
  const inOrder = new ImageSet(promptLimits);
  for (const image of lists.flat()) if (chosen.has(image)) inOrder.add(image);
  return inOrder.images;
}

/**
 * Collects the images in what the calls of one rollout were given and returned, before they are made plain data: for
 * `Execution.images`. Each is kept once, at most 4 with 3 MB together; those of the example's input are left out.
 */
export class RolloutImages {
  readonly #found: ImageSet;

  constructor(input?: unknown) {
    this.#found = new ImageSet(rolloutLimits, imagesIn([input]));
  }

  add(...values: readonly unknown[]): void {
    this.#found.addAllIn(values);
  }

  /** The images, to spread into an execution. */
  get found(): { readonly images?: readonly PromptImage[] } {
    const { images } = this.#found;
    return images.length === 0 ? {} : { images };
  }
}

/** Images, each once, as far as the limits allow. */
class ImageSet {
  readonly #limits: typeof promptLimits;
  readonly #found = new Map<string, PromptImage>();
  readonly #leftOut: ReadonlySet<string>;
  readonly #visited = new Set<object>();
  #characters = 0;

  constructor(limits: typeof promptLimits, leftOut: readonly PromptImage[] = []) {
    this.#limits = limits;
    this.#leftOut = new Set(leftOut.map(({ data }) => data));
  }

  get images(): PromptImage[] {
    return [...this.#found.values()];
  }

  has({ data }: PromptImage): boolean {
    return this.#found.has(data);
  }

  add(image: PromptImage | undefined): void {
    if (image === undefined || !isShowable(image) || this.has(image) || this.#leftOut.has(image.data)) return;
    const characters = this.#characters + image.data.length;
    if (this.#found.size >= this.#limits.images || characters > this.#limits.characters) return;
    this.#characters = characters;
    this.#found.set(image.data, image);
  }

  addAllIn(values: readonly unknown[]): void {
    for (const value of values) this.#visit(value, 0);
  }

  #visit(value: unknown, depth: number): void {
    if (typeof value === 'string') for (const image of imagesInText(value)) this.add(image);
    if (typeof value !== 'object' || value === null || depth > maxDepth) return;
    if (this.#visited.has(value) || this.#visited.size >= maxObjects) return;
    this.#visited.add(value);
    const image = Array.isArray(value) ? undefined : imageOf(value);
    if (image !== undefined) this.add(image);
    else if (!ArrayBuffer.isView(value)) for (const field of fieldsOf(value)) this.#visit(field, depth + 1);
  }
}

/** The values of an object's fields; empty if the object cannot be read. */
function fieldsOf(value: object): readonly unknown[] {
  try {
    return Object.values(value);
  } catch {
    return [];
  }
}

/** Whether it is on the web or its bytes are known: adapters may have replaced them by their length. */
function isShowable({ data }: PromptImage): boolean {
  return /^https?:/.test(data) || (data.length > 64 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(data.slice(-64)));
}
