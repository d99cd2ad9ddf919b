import { type Component, NoComponentsError } from 'gepa-core';
import { type ComponentOptions, isIncluded, selectedFrom } from './components.ts';
import {
  descriptionOptInReason,
  type Inspected,
  inspectProgram,
  type NamedSite,
  type Skipped,
} from './inspect-program.ts';
import { typeName } from './node.ts';
import { explanation } from './skip-reasons.ts';

export interface Discovery {
  /** The texts to optimize, by name, in the order of the program. */
  readonly components: Readonly<Record<string, Component>>;
  /** The parts that are not optimized, with the reasons. */
  readonly skipped: readonly Skipped[];
  /** Every inspected part, in the order of the program. */
  readonly inspected: readonly Inspected[];
}

/** Finds the texts of a program without changing it, and says what is skipped. */
export function discover(program: unknown, options: ComponentOptions = {}): Discovery {
  const { sites, skipped, inspected } = inspectProgram(program, explanation);
  const excluded = sites.filter((site) => !isIncluded(site, options));
  return {
    components: selectedFrom(sites, options),
    skipped: [
      ...grouped(skipped),
      ...excluded.filter(({ optInReason }) => optInReason !== descriptionOptInReason).map(skippedText),
      ...skippedDescriptions(excluded.filter(({ optInReason }) => optInReason === descriptionOptInReason)),
    ],
    inspected,
  };
}

/** How many locations a group of skipped parts lists. */
const maxLocations = 3;

/** One entry for all parts that are skipped for the same reason. */
function grouped(skipped: readonly Skipped[]): Skipped[] {
  const groups = new Map<string, Skipped[]>();
  for (const part of skipped) {
    const key = part.name ?? `${part.reason}\n${part.hint}`;
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].map((group) => ({ ...group[0]!, location: listed(group) }));
}

function listed(parts: readonly Inspected[]): string {
  const locations = [...new Set(parts.map(({ location }) => location))];
  const more = locations.length - maxLocations;
  return `${locations.slice(0, maxLocations).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The error for a program without texts. */
export function noComponentsError({ inspected, skipped }: Discovery): NoComponentsError {
  const skips = skipped.map(({ location, reason, hint }) => `${location}: ${reason}. ${hint}`);
  const types = [...new Set(inspected.map(({ type }) => type))].join(', ');
  return new NoComponentsError(
    `There is no text to optimize in this program. Inspected: ${types || 'nothing'}.${skips.length === 0 ? '' : `\nSkipped:\n- ${skips.join('\n- ')}`}`,
  );
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
