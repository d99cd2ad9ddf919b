import type { PromptImage } from '../../adapter/prompt-image.ts';

/** The maximum of base64 characters in memory, about 100 MB. */
const MAX_CHARACTERS = 128_000_000;

/** The images of rollouts, which are in memory only. The oldest are dropped when they become too many. */
export class ImageMemory {
  readonly #images = new Map<number, readonly PromptImage[]>();
  #characters = 0;
  #added = 0;

  /** Returns the number that `get` takes. */
  add(images: readonly PromptImage[]): number {
    this.#images.set(this.#added, images);
    this.#characters += charactersOf(images);
    for (const [number, oldest] of this.#images) {
      if (this.#characters <= MAX_CHARACTERS) break;
      this.#images.delete(number);
      this.#characters -= charactersOf(oldest);
    }
    return this.#added++;
  }

  get(number: number): readonly PromptImage[] | undefined {
    return this.#images.get(number);
  }
}

function charactersOf(images: readonly PromptImage[]): number {
  return images.reduce((sum, { data }) => sum + data.length, 0);
}
