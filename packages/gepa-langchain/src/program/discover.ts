import type { Component } from 'gepa-core';
import {
  descriptionOptInReason,
  type Inspected,
  inspectProgram,
  type NamedSite,
  type Skipped,
} from './inspect-program.ts';
import { typeName } from './node.ts';

export interface Discovery {
  /** The texts to optimize, by name, in the order of the program. */
  readonly components: Readonly<Record<string, Component>>;
  /** The parts that are not optimized, with the reasons. */
  readonly skipped: readonly Skipped[];
  /** Every inspected part, in the order of the program. */
  readonly inspected: readonly Inspected[];
}

export interface DiscoverOptions {
  /**
   * Names of texts to include that are skipped by default: templates with no words or only labels besides variables,
   * partial variables of a few words, and the instructions of output parsers. `skipped` lists their names.
   */
  readonly include?: readonly string[];
  /** Names of texts in a saved candidate, which are included too, but for descriptions. */
  readonly saved?: readonly string[];
  /** Whether to include the descriptions of tools, of their fields and of structured output. Default: `false`. */
  readonly tools?: boolean;
}

/**
 * Finds the texts of a LangChain program without changing it. An object that occurs in several places is found once.
 */
export function discover(
  program: unknown,
  { include = [], saved = [], tools = false }: DiscoverOptions = {},
): Discovery {
  const { sites, skipped, inspected } = inspectProgram(program);
  const isIncluded = ({ name, optInReason }: NamedSite) =>
    optInReason === undefined ||
    include.includes(name) ||
    (optInReason === descriptionOptInReason ? tools : saved.includes(name));
  const included = sites.filter(isIncluded);
  const excluded = sites.filter((site) => !included.includes(site));
  return {
    components: Object.fromEntries(included.map(({ name, component }) => [name, component])),
    skipped: [
      ...skipped,
      ...excluded.filter(({ optInReason }) => optInReason !== descriptionOptInReason).map(skippedText),
      ...skippedDescriptions(excluded.filter(({ optInReason }) => optInReason === descriptionOptInReason)),
    ],
    inspected,
  };
}

function skippedText({ name, site, location, optInReason = '' }: NamedSite): Skipped {
  return {
    name,
    type: typeName(site.owner),
    location,
    reason: optInReason,
    hint: `To optimize it, add "${name}" to \`include\`.`,
  };
}

/** One entry for all descriptions, because a program can have many. */
function skippedDescriptions(sites: readonly NamedSite[]): Skipped[] {
  const [first] = sites;
  if (first === undefined) return [];
  const names = sites.map(({ name }) => name);
  return [
    {
      type: typeName(first.site.owner),
      location: sites.length === 1 ? first.location : `${first.location} and ${sites.length - 1} more`,
      reason: descriptionOptInReason,
      hint: `To optimize them, pass \`tools: true\` or add some to \`include\`: ${names.join(', ')}.`,
    },
  ];
}
