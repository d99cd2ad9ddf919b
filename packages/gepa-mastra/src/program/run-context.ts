import type { Derivation } from './derivation.ts';

/** With what a copy runs: the texts and parts of its derivation, and of those that its source was made by. */
interface RunContext {
  readonly within: Derivation['within'];
  /** The copy that has the present texts of an agent or workflow. */
  copyOf(source: object): object | undefined;
}

const contexts = new WeakMap<object, RunContext>();

/** Notes the context of a copy. Later derivations are inside of earlier ones, so that their texts and parts count. */
export function contextOf(derivation: Derivation, source: object, copy: object): Derivation['within'] {
  const outer = contexts.get(source);
  const within: Derivation['within'] =
    outer === undefined
      ? (call) => derivation.within(call)
      : (call) => outer.within(() => derivation.within(call));
  const copyOf: RunContext['copyOf'] = (part) => {
    const earlier = outer?.copyOf(part);
    return derivation.copyOf(part) ?? (earlier && (derivation.copyOf(earlier) ?? earlier));
  };
  contexts.set(copy, { within, copyOf });
  return within;
}

/** Calls a function as code of the program is called within a run. */
export function withinProgram<Result>(program: object, call: () => Result): Result {
  const context = contexts.get(program);
  return context === undefined ? call() : context.within(call);
}

/** The copy that runs of the program use in place of an agent or workflow, or this one itself. */
export function presentOf<Thing extends object>(program: object, thing: Thing): Thing {
  return (contexts.get(program)?.copyOf(thing) as Thing | undefined) ?? thing;
}
