/** A shallow copy of the same class with some properties changed. */
export function copyWith<Thing extends object>(thing: Thing, changes: object): Thing {
  const copy: Thing = Object.create(Object.getPrototypeOf(thing), Object.getOwnPropertyDescriptors(thing));
  return Object.assign(copy, changes);
}
