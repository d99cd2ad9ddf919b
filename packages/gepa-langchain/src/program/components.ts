import type { Component } from 'gepa-core';
import { inspectProgram, type NamedSite } from './inspect-program.ts';

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
}

/**
 * The texts to optimize in a program, by name, in the order of the program, without locations and descriptions. An object
 * that occurs in several places is found once.
 */
export function componentsOf(program: unknown, options: ComponentOptions = {}): Record<string, Component> {
  return selectedFrom(inspectProgram(program).sites, options);
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
  { name, optIn }: NamedSite,
  { include = [], saved = [], tools = false }: ComponentOptions,
): boolean {
  return (
    optIn === undefined || include.includes(name) || (optIn === 'description' ? tools : saved.includes(name))
  );
}
