import { type Component, NoComponentsError } from 'gepa-core';
import { errorMessage } from '../util/error-message.ts';
import { type ComponentOptions, isIncluded, selectedFrom } from './components.ts';
import { inspectProgram, type NamedSite, type UnreadableSite } from './inspect-program.ts';
import { describe, locate } from './location.ts';
import { type Node, typeName } from './node.ts';
import { omittedParts } from './omitted-parts.ts';
import { programWithParts } from './program-with-parts.ts';
import { optInReasons, skipReason, unreadableReasons } from './skip-reasons.ts';
import { traverse } from './traverse.ts';

/** A part of the program that was inspected. */
export interface Inspected {
  /** The class name that LangChain uses. */
  readonly type: string;
  /** The part's location in the program, in words. */
  readonly location: string;
}

/** A part of the program that is not optimized. */
export interface Skipped extends Inspected {
  /** The component name that the text would have; absent when no text was found. */
  readonly name?: string;
  /** The reason, as a clause about the part ("it is code"). */
  readonly reason: string;
  /** How to make the part optimizable. */
  readonly hint: string;
}

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
  const { sites, unreadable } = inspectProgram(program);
  const { skipped, inspected } = inspectParts(program);
  const excluded = sites.filter((site) => !isIncluded(site, options));
  return {
    components: selectedFrom(sites.map(described), options),
    skipped: [
      ...grouped([...skipped, ...unreadable.map(unreadableText)]),
      ...excluded.filter(({ optIn }) => optIn !== 'description').map(skippedText),
      ...skippedDescriptions(excluded.filter(({ optIn }) => optIn === 'description')),
    ],
    inspected,
  };
}

/** Adds what people and the reflection model read about a text. */
function described(named: NamedSite): NamedSite {
  const { site, component } = named;
  const { description = describe(site) } = site.part;
  return { ...named, component: { ...component, description, location: locate(site.path) } };
}

/** The parts of a program, and those whose texts cannot be found or replaced. */
function inspectParts(program: unknown): Pick<Discovery, 'inspected' | 'skipped'> {
  const inspected: Inspected[] = [];
  const skipped: Skipped[] = [];
  const seen = new Set<unknown>();
  traverse(program, {
    enter: (path) => {
      const { node, kind } = path.at(-1)!;
      if (kind === programWithParts || seen.has(node)) return;
      seen.add(node);
      const inspectedPart = { type: typeName(node), location: locate(path) };
      inspected.push(inspectedPart);
      const reason = kind === undefined ? skipReason(node) : undefined;
      if (reason !== undefined) skipped.push({ ...inspectedPart, ...reason });
      for (const part of kind === undefined ? [] : omittedParts(node as Node, kind)) {
        const location = locate([...path.slice(0, -1), { node, kind, part }]);
        skipped.push({ ...inspectedPart, location, ...part.skip });
      }
    },
  });
  return { inspected, skipped };
}

function unreadableText({ name, site, unreadable, error }: UnreadableSite): Skipped {
  const { reason, hint } = unreadableReasons[unreadable];
  return {
    name,
    type: typeName(site.owner),
    location: locate(site.path),
    reason: error === undefined ? reason : `${reason} (${site.part.format}): ${errorMessage(error)}`,
    hint,
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

function skippedText({ name, site, optIn }: NamedSite): Skipped {
  return {
    name,
    type: typeName(site.owner),
    location: locate(site.path),
    reason: optInReasons[optIn!],
    hint: `To optimize it, add "${name}" to \`include\`.`,
  };
}

/** One entry for all descriptions, because a program can have many. */
function skippedDescriptions(sites: readonly NamedSite[]): Skipped[] {
  const [first] = sites;
  if (first === undefined) return [];
  const names = sites.map(({ name }) => name);
  const location = locate(first.site.path);
  return [
    {
      type: typeName(first.site.owner),
      location: sites.length === 1 ? location : `${location} and ${sites.length - 1} more`,
      reason: optInReasons.description,
      hint: `To optimize them, pass \`tools: true\` or add some to \`include\`: ${names.join(', ')}.`,
    },
  ];
}
