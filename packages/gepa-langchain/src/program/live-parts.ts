import type { Candidate } from 'gepa-core';
import { hookPart } from 'gepa-core/load';
import { agent } from './agents.ts';
import { inspectProgram } from './inspect-program.ts';
import { MessageHooks } from './message-hooks.ts';
import type { Node } from './node.ts';
import { noCopies, PartCopies } from './part-copies.ts';
import { ProgramWithParts } from './program-with-parts.ts';
import { type Mark, type RewriteOptions, rewrite, withToolCopies } from './rewrite.ts';
import { isBound } from './tunables.ts';

/**
 * The objects of the option `parts`, which functions of the program call, and the tools of the program, which its code may
 * recognize. Within a rollout, hooks on these objects return the fields of their copies; outside, the objects are unchanged.
 */
export class LiveParts {
  /** By the part's name: the object that the program calls. */
  readonly #live: Record<string, object> = {};
  /** By the part's name: the string that the program sends. */
  readonly #constants: Record<string, string>;
  /** The objects of a compiled program in place of the live objects. */
  readonly #bound: PartCopies;
  readonly #unhook: (() => void)[] = [];
  readonly #hookedFor = new Set<Mark | undefined>();
  readonly #messageHooks = new MessageHooks();

  constructor(parts: Readonly<Record<string, object | string>> = {}, bound = noCopies) {
    this.#constants = { ...bound.constants };
    for (const [name, part] of Object.entries(parts)) {
      if (typeof part === 'string') this.#constants[name] = part;
      else this.#live[name] = part;
    }
    this.#bound = bound;
  }

  get #isEmpty(): boolean {
    return Object.keys(this.#live).length === 0;
  }

  /** Program and parts as one program, with the tools that were compiled into it; the program itself if it has neither. */
  joinedTo<Program extends object>(program: Program): Program {
    const { objects, withTools } = this.#bound;
    if (this.#isEmpty) return withTools(program);
    const parts = Object.entries(this.#live).map(([name, live]) => [name, objects.get(live) ?? live]);
    // Together, because the program may contain a part, or the graph of one.
    return withTools(new ProgramWithParts(Object.fromEntries(parts), program) as object as Program);
  }

  /**
   * The copies of the parts and tools.
   *
   * @param whole a program that `joinedTo` and `rewrite` made.
   * @param tools the copies of tools that `rewrite` made.
   * @param texts those of the strings among the parts, and of other components, in which such strings are not replaced.
   */
  copiesIn(whole: object, tools: ReadonlyMap<object, object>, texts: Candidate): PartCopies {
    return new PartCopies(
      this.#objectsIn(whole),
      this.#constants,
      texts,
      this.#messageHooks,
      new Map([...this.#bound.tools, ...tools]),
      (program) => withToolCopies(program, tools),
    );
  }

  #objectsIn(whole: object): Map<object, object> {
    const copies = new Map(this.#bound.objects);
    for (const [name, copy] of whole instanceof ProgramWithParts ? Object.entries(whole.parts) : []) {
      const live = this.#live[name]!;
      for (const [object, stand] of [[live, copy] as const, ...aliasesOf(live, copy)])
        copies.set(object, stand);
    }
    return copies;
  }

  /**
   * Adds the hooks, once for programs without marks and once for programs with them.
   *
   * @param names the texts that may change.
   * @param options change all that those of the programs change.
   */
  hook(whole: object, names: readonly string[], options: RewriteOptions = {}): void {
    this.#messageHooks.allow();
    if (this.#hookedFor.has(options.mark)) return;
    this.#hookedFor.add(options.mark);
    const sites = inspectProgram(whole).sites.filter(({ name }) => names.includes(name));
    // A copy with every text changed differs from its original in the fields that any candidate may change.
    const texts = sites.map(({ name, component }) => [name, `${component.text} `]);
    const tools = new Map<object, object>();
    const probe = rewrite(whole, Object.fromEntries(texts), { ...options, tools });
    const copies = new Map([...this.#objectsIn(probe), ...tools]);
    const hook = (object: object, name: string) => {
      const fields = isBound(object) ? [] : differingFields(object, copies.get(object)!);
      this.#unhook.push(hookPart(object, name, fields));
    };
    for (const [name, live] of Object.entries(this.#live)) {
      for (const object of [live, ...aliasesOf(live, live).map(([alias]) => alias)]) hook(object, name);
    }
    for (const tool of tools.keys()) hook(tool, '');
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
