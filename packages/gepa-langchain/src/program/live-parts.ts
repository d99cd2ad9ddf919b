import type { Candidate } from 'gepa-core';
import { hookPart } from 'gepa-core/load';
import { agent } from './agents.ts';
import { inspectProgram } from './inspect-program.ts';
import { MessageHooks } from './message-hooks.ts';
import type { Node } from './node.ts';
import { PartCopies } from './part-copies.ts';
import { ProgramWithParts } from './program-with-parts.ts';
import { type Mark, type RewriteOptions, rewrite } from './rewrite.ts';

/**
 * The objects of the option `parts`, which functions of the program call. Within a rollout, hooks on these objects return
 * the fields of their copies; outside, the objects are unchanged.
 */
export class LiveParts {
  /** By the part's name: the object that the program calls. */
  readonly #live: Record<string, object> = {};
  /** By the part's name: the string that the program sends. */
  readonly #constants: Record<string, string>;
  /** The objects of a compiled program in place of the live objects. */
  readonly #bound: ReadonlyMap<object, object>;
  readonly #unhook: (() => void)[] = [];
  readonly #hookedFor = new Set<Mark | undefined>();
  readonly #messageHooks = new MessageHooks();

  constructor(parts: Readonly<Record<string, object | string>> = {}, bound?: PartCopies) {
    this.#constants = { ...bound?.constants };
    for (const [name, part] of Object.entries(parts)) {
      if (typeof part === 'string') this.#constants[name] = part;
      else this.#live[name] = part;
    }
    this.#bound = bound?.objects ?? new Map();
  }

  get #isEmpty(): boolean {
    return Object.keys(this.#live).length === 0;
  }

  /** Program and parts as one program; the program itself if there are no parts. */
  joinedTo<Program extends object>(program: Program): Program {
    if (this.#isEmpty) return program;
    const parts = Object.entries(this.#live).map(([name, live]) => [name, this.#bound.get(live) ?? live]);
    return new ProgramWithParts(Object.fromEntries(parts), program) as object as Program;
  }

  /**
   * The copies of the parts.
   *
   * @param whole a program that `joinedTo` and `rewrite` made.
   * @param texts those of the strings among the parts.
   */
  copiesIn(whole: object, texts: Candidate): PartCopies {
    return new PartCopies(this.#objectsIn(whole), this.#constants, texts, this.#messageHooks);
  }

  #objectsIn(whole: object): Map<object, object> {
    const copies = new Map(this.#bound);
    if (!(whole instanceof ProgramWithParts)) return copies;
    for (const [name, live] of Object.entries(this.#live)) {
      const copy = whole.parts[name]!;
      for (const [object, stand] of [[live, copy] as const, ...aliasesOf(live, copy)])
        copies.set(object, stand);
    }
    return copies;
  }

  /**
   * Adds the hooks, once for programs without marks and once for programs with them.
   *
   * @param options change all that those of the programs change.
   */
  hook(whole: object, options: RewriteOptions = {}): void {
    this.#messageHooks.allow();
    if (this.#isEmpty || this.#hookedFor.has(options.mark)) return;
    this.#hookedFor.add(options.mark);
    const { sites } = inspectProgram(whole);
    // A copy with every text changed differs from its original in the fields that any candidate may change.
    const texts = sites.map(({ name, component }) => [name, `${component.text} `]);
    const probe = rewrite(whole, Object.fromEntries(texts), options);
    const copies = this.#objectsIn(probe);
    for (const [name, live] of Object.entries(this.#live)) {
      for (const object of [live, ...aliasesOf(live, live).map(([alias]) => alias)]) {
        this.#unhook.push(hookPart(object, name, differingFields(object, copies.get(object)!)));
      }
    }
  }

  dispose(): void {
    for (const unhook of this.#unhook.splice(0)) unhook();
    this.#hookedFor.clear();
    this.#messageHooks.takeOff();
  }
}

function aliasesOf(live: object, copy: object): (readonly [object, object])[] {
  const isAgent = (node: object) => agent.matches(node as Node);
  return isAgent(live) && isAgent(copy)
    ? [[agent.alias!(live as Node), agent.alias!(copy as Node)] as const]
    : [];
}

function differingFields(live: object, copy: object): PropertyKey[] {
  return Reflect.ownKeys(copy).filter((key) => !Object.is(Reflect.get(live, key), Reflect.get(copy, key)));
}
