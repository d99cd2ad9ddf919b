import type { Candidate, Component, Step, Tunable } from 'gepa-core';
import { walkSteps } from 'gepa-core/adapter';
import { inspectProgram } from '../program/inspect-program.ts';
import { agentNameOf, isTraced, reportsReads, textRead } from '../program/mark-node.ts';
import { readersIn } from '../program/part-readers.ts';
import type { ComponentText } from './attribution.ts';

/** What is known of the use of each component's text in a rollout. */
export class ComponentTexts {
  readonly #components: Readonly<Record<string, Component>>;
  readonly #names: readonly string[];
  readonly #tunables: ReadonlySet<string>;
  /** The parts through which a text is read. */
  readonly #readers: ReadonlyMap<string, readonly string[]>;
  /** The texts that report when they are read. */
  readonly #reporting: ReadonlySet<string>;
  readonly #inPrompts: ReadonlySet<string>;
  readonly #agents: ReadonlyMap<string, string | undefined>;

  constructor(
    program: object,
    components: Readonly<Record<string, Component>>,
    tunables: readonly Tunable[],
  ) {
    const { sites } = inspectProgram(program);
    const namesWhere = (is: (site: (typeof sites)[number]['site']) => boolean) =>
      new Set(sites.filter(({ site }) => is(site)).map(({ name }) => name));
    this.#components = components;
    this.#names = Object.keys(components);
    this.#tunables = new Set(tunables.map(({ name }) => name));
    this.#readers = readersIn(program);
    this.#reporting = namesWhere(reportsReads);
    this.#inPrompts = namesWhere(isTraced);
    this.#agents = new Map(sites.map(({ name, site }) => [name, agentNameOf(site)]));
  }

  /**
   * The texts that a rollout may have used.
   *
   * @param reads what was read: names of tunables and parts, and those of `textRead`.
   */
  usedIn(candidate: Candidate, reads: ReadonlySet<string>): ComponentText[] {
    return this.#names.flatMap((component) => {
      const wasRead = this.#wasRead(component, reads);
      if (wasRead === false) return [];
      const { variables } = this.#components[component]!;
      const inPrompt = this.#inPrompts.has(component);
      const agent = this.#agents.get(component);
      return [{ component, text: candidate[component]!, variables, inPrompt, agent, wasRead }];
    });
  }

  /** The components whose texts a rollout certainly did not read. */
  unreadIn(reads: ReadonlySet<string>, trace: readonly Step[]): string[] {
    const unsent = this.#unsentDescriptions(trace);
    // Of a text in the program itself, another copy may have been read.
    const isWatched = (name: string) => this.#tunables.has(name) || this.#readers.has(name);
    return this.#names.filter(
      (name) => unsent.has(name) || (isWatched(name) && this.#wasRead(name, reads) === false),
    );
  }

  /** Whether a rollout read a text; `undefined` if that is not known. */
  #wasRead(name: string, reads: ReadonlySet<string>): boolean | undefined {
    if (this.#tunables.has(name)) return reads.has(name);
    const isReadBy = this.#readers.get(name)?.some((reader) => reads.has(reader));
    return this.#reporting.has(name) ? isReadBy !== false && reads.has(textRead(name)) : isReadBy;
  }

  /**
   * The descriptions of tools and outputs that no model call sent. Empty where the calls show no description at all: some
   * models do not report what they send.
   */
  #unsentDescriptions(trace: readonly Step[]): ReadonlySet<string> {
    const sent = new Set(
      [...walkSteps(trace)].flatMap((step) => (step.kind === 'model' ? (step.components ?? []) : [])),
    );
    const descriptions = this.#names.filter((name) =>
      ['tool-description', 'field-description'].includes(this.#components[name]!.kind ?? ''),
    );
    return new Set(
      descriptions.some((name) => sent.has(name)) ? descriptions.filter((name) => !sent.has(name)) : [],
    );
  }
}
