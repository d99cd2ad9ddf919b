import { hookPart } from 'gepa-core/load';

/** The hooks on messages that a program sends with constants. They do not keep the messages in memory. */
export class MessageHooks {
  readonly #unhook = new WeakMap<object, () => void>();
  readonly #hooked = new Set<WeakRef<object>>();
  readonly #forget = new FinalizationRegistry<WeakRef<object>>((ref) => this.#hooked.delete(ref));
  #isOff = false;

  /**
   * Hooks a message, or a part of its content.
   * @returns whether it is hooked: not when it is frozen, or after `takeOff`.
   */
  hook(holder: object, field: 'content' | 'text'): boolean {
    if (this.#isOff || !Object.isExtensible(holder)) return false;
    if (this.#unhook.has(holder)) return true;
    this.#unhook.set(holder, hookPart(holder, '', [field, ...('lc_kwargs' in holder ? ['lc_kwargs'] : [])]));
    const ref = new WeakRef(holder);
    this.#hooked.add(ref);
    this.#forget.register(holder, ref);
    return true;
  }

  /** Allows hooks, again after `takeOff`. */
  allow(): void {
    this.#isOff = false;
  }

  /** Removes all hooks, and allows no more. */
  takeOff(): void {
    this.#isOff = true;
    for (const ref of this.#hooked) {
      const holder = ref.deref();
      if (holder === undefined) continue;
      this.#unhook.get(holder)?.();
      this.#unhook.delete(holder);
    }
    this.#hooked.clear();
  }
}
