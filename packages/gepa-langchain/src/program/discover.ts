import type { Component } from 'gepa-core';
import { typeName } from './node.ts';
import { descriptionReserve, type Inspected, type NamedSite, type Skipped, survey } from './survey.ts';

/** What was found in a program. */
export interface Discovery {
  /** The texts that may change, by name, in the order of the program. */
  readonly components: Readonly<Record<string, Component>>;
  /** What was passed over, and why. */
  readonly skipped: readonly Skipped[];
  /** Everything that was looked at, in the order of the program. */
  readonly inspected: readonly Inspected[];
}

export interface DiscoverOptions {
  /**
   * Names of texts to take although they are passed over by default: templates that hold nothing but variables, and
   * partial variables of a few words. `skipped` has their names.
   */
  readonly include?: readonly string[];
  /** Whether to take the descriptions of tools, of their fields and of structured output. Default: `false`. */
  readonly tools?: boolean;
}

/**
 * Finds the texts of a LangChain program. The program is only read. An object that occurs in several places is found
 * once.
 */
export function discover(program: unknown, { include = [], tools = false }: DiscoverOptions = {}): Discovery {
  const { sites, skipped, inspected } = survey(program);
  const isTaken = ({ name, reserve }: NamedSite) =>
    reserve === undefined || include.includes(name) || (tools && reserve === descriptionReserve);
  const taken = sites.filter(isTaken);
  const left = sites.filter((site) => !taken.includes(site));
  return {
    components: Object.fromEntries(taken.map(({ name, component }) => [name, component])),
    skipped: [
      ...skipped,
      ...left.filter(({ reserve }) => reserve !== descriptionReserve).map(describeLeft),
      ...describeDescriptions(left.filter(({ reserve }) => reserve === descriptionReserve)),
    ],
    inspected,
  };
}

function describeLeft({ name, site, location, reserve = '' }: NamedSite): Skipped {
  return {
    name,
    type: typeName(site.owner),
    location,
    reason: reserve,
    hint: `Name it ("${name}") in \`include\` to have it improved all the same.`,
  };
}

/** All descriptions together: a program has many of them. */
function describeDescriptions(left: readonly NamedSite[]): Skipped[] {
  const [first] = left;
  if (first === undefined) return [];
  const names = left.map(({ name }) => name);
  return [
    {
      type: typeName(first.site.owner),
      location: left.length === 1 ? first.location : `${first.location} and ${left.length - 1} more`,
      reason: descriptionReserve,
      hint: `Pass \`tools: true\` to have them improved, or name some in \`include\`: ${names.join(', ')}.`,
    },
  ];
}
