import type { Component } from 'gepa-core';
import { descriptionOptInReason, inspectProgram, type NamedSite } from './inspect-program.ts';
import type { Explanation } from './skip-reasons.ts';

export interface ComponentOptions {
  /**
   * Names of texts to include that are skipped by default: templates with no words or only labels besides variables,
   * partial variables of a few words, and the instructions of output parsers. `skipped` lists their names.
   */
  readonly include?: readonly string[];
  /** Names of texts in a saved candidate, which are included too, except descriptions. */
  readonly saved?: readonly string[];
  /** Whether to include the descriptions of tools, of their fields and of structured output. Default: `false`. */
  readonly tools?: boolean;
  /** Adds locations and descriptions to the components. */
  readonly explanation?: Explanation;
}

/**
 * The texts to optimize in a program, by name, in the order of the program. An object that occurs in several places is
 * found once.
 */
export function componentsOf(program: unknown, options: ComponentOptions = {}): Record<string, Component> {
  return selectedFrom(inspectProgram(program, options.explanation).sites, options);
}

export function selectedFrom(
  sites: readonly NamedSite[],
  options: ComponentOptions,
): Record<string, Component> {
  return Object.fromEntries(
    sites.filter((site) => isIncluded(site, options)).map(({ name, component }) => [name, component]),
  );
}

export function isIncluded(
  { name, optInReason }: NamedSite,
  { include = [], saved = [], tools = false }: ComponentOptions,
): boolean {
  return (
    optInReason === undefined ||
    include.includes(name) ||
    (optInReason === descriptionOptInReason ? tools : saved.includes(name))
  );
}
