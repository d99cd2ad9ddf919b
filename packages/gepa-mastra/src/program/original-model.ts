/** The original of each wrapped model option. */
const originals = new WeakMap<object, unknown>();

export function noteOriginal(wrapped: object, option: unknown): void {
  originals.set(wrapped, originalModel(option));
}

/** The original of a wrapped model option, or the option itself if it is not wrapped. */
export function originalModel(option: unknown): unknown {
  const isKey = (typeof option === 'object' && option !== null) || typeof option === 'function';
  return isKey && originals.has(option as object) ? originals.get(option as object) : option;
}
