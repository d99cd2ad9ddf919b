/** Matches `.#name` and `#name in` in the source of a class, and the helpers that compilers replace them with. */
const privateUse =
  /\.#[\p{ID_Start}_$]|#[\p{ID_Start}_$][\p{ID_Continue}$]* in\b|_class_?[Pp]rivate|__private/u;

const known = new WeakMap<object, boolean>();

/**
 * Whether an object's class or a superclass uses private fields. The methods of a copy made without the constructor
 * would throw on them.
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
