/** The model options that wrapped ones were made of. */
const originals = new WeakMap<object, unknown>();

export function noteOriginal(wrapped: object, option: unknown): void {
  originals.set(wrapped, originalModel(option));
}

/** The model option that a wrapped one was made of; another one is returned as it is. */
export function originalModel(option: unknown): unknown {
  const isKey = (typeof option === 'object' && option !== null) || typeof option === 'function';
  return isKey && originals.has(option as object) ? originals.get(option as object) : option;
}
