/** `.#name` and `#name in` as they stand in the text of a class, and what compilers make of them. */
const privateUse = /\.#[\p{ID_Start}_$]|#[\p{ID_Start}_$][\p{ID_Continue}$]* in\b|_?_classPrivateField/u;

const known = new WeakMap<object, boolean>();

/**
 * Whether an object's class, or one it derives from, uses private fields: a copy made without the constructor would
 * throw when its methods reach for them.
 */
export function hasPrivateFields(value: object): boolean {
  for (
    let prototype = Object.getPrototypeOf(value);
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if (usesPrivateFields(prototype.constructor)) return true;
  }
  return false;
}

function usesPrivateFields(type: unknown): boolean {
  if (typeof type !== 'function') return false;
  let uses = known.get(type);
  if (uses === undefined) {
    uses = privateUse.test(Function.prototype.toString.call(type));
    known.set(type, uses);
  }
  return uses;
}
