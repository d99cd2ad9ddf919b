import type { Component } from 'gepa-core';
import { freeName } from 'gepa-core/load';
import { errorMessage } from '../util/error-message.ts';
import { nameSites } from './component-names.ts';
import type { KeyPath } from './copy-with.ts';
import { fixedWords, isOnlyLabels, isParserInstruction } from './fixed-parts.ts';
import { isNode, isPromptTemplate, type Node, typeName } from './node.ts';
import { instructionsOf, isParser } from './parsers.ts';
import { partNameOf, programWithParts } from './program-with-parts.ts';
import type { Explanation, UnreadableReason } from './skip-reasons.ts';
import { decodeTemplate } from './template/template.ts';
import { type Site, traverse } from './traverse.ts';

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

/** A text of the program and its component. */
export interface NamedSite {
  readonly name: string;
  readonly site: Site;
  readonly location: string;
  readonly component: Component;
  /** Whether traces show the use of the text in the run of a prompt. */
  readonly traced: boolean;
  /** Set when the text is not optimized by default: the reason. */
  readonly optInReason?: string;
}

export interface ProgramInspection {
  readonly sites: readonly NamedSite[];
  readonly skipped: readonly Skipped[];
  readonly inspected: readonly Inspected[];
  /** The checkpointers of the program's graphs. */
  readonly checkpointers: ReadonlySet<Node>;
}

/**
 * Finds the texts and the checkpointers of a program. Never throws: unreadable parts are skipped.
 *
 * @param explain the words for what is skipped; without them, `skipped` and `inspected` stay empty.
 */
export function inspectProgram(program: unknown, explain?: Explanation): ProgramInspection {
  const sites: Site[] = [];
  const skipped: Skipped[] = [];
  const inspected: Inspected[] = [];
  const checkpointers = new Set<Node>();
  const formats = new Set<string>();
  const seen = new Set<unknown>();
  traverse(program, {
    enter: (path) => {
      const { node, kind } = path.at(-1)!;
      if (isParser(node)) formats.add(instructionsOf(node));
      if (explain === undefined || kind === programWithParts || seen.has(node)) return;
      seen.add(node);
      const part = { type: typeName(node), location: explain.locate(path) };
      inspected.push(part);
      const reason = kind === undefined ? explain.node(node) : undefined;
      if (reason !== undefined) skipped.push({ ...part, ...reason });
    },
    omit: ({ omitted }, path) => {
      if (explain === undefined) return;
      skipped.push({
        type: typeName(path.at(-1)!.node),
        location: explain.locate(path),
        ...explain.part(omitted),
      });
    },
    checkpointer: (checkpointer) => {
      checkpointers.add(checkpointer);
      return undefined;
    },
    text: (site) => {
      if (!isUnusedSchema(site)) sites.push(site);
      return undefined;
    },
  });
  const names = namesOf(sites);
  const named: NamedSite[] = [];
  for (const site of sites) {
    if (site.part.text === '') continue;
    const result = readSite(site, names.get(site)!, [...formats].filter(Boolean), explain);
    if (!('unreadable' in result)) named.push(result);
    else if (explain !== undefined) {
      const { unreadable, detail, ...part } = result;
      const { reason, hint } = explain.part(unreadable);
      skipped.push({ ...part, reason: `${reason}${detail}`, hint });
    }
  }
  return { sites: withLonelyLabels(named), skipped, inspected, checkpointers };
}

/** In a sequence, the schema of a StructuredPrompt has been given to the model already. */
function isUnusedSchema({ part, path }: Site): boolean {
  const [sequence, prompt] = path.slice(-2);
  return (
    part.at[0] === 'schema' &&
    isPromptTemplate(prompt?.node) &&
    isNode(sequence?.node) &&
    'middle' in sequence.node
  );
}

/** The names of the program's texts, and those of each part under the part's name. */
function namesOf(sites: readonly Site[]): Map<Site, string> {
  const byPart = new Map<string | undefined, Site[]>();
  for (const site of sites) {
    const part = partNameOf(site.path);
    byPart.set(part, [...(byPart.get(part) ?? []), site]);
  }
  const names = new Map<Site, string>();
  const taken = new Set<string>();
  for (const [part, group] of byPart) {
    const inPart = new Map<Site, Site>(group.map((site) => [{ ...site, path: site.path.slice(1) }, site]));
    const found = part === undefined ? nameSites(group) : nameSites([...inPart.keys()], part);
    for (const [named, name] of found) {
      const free = freeName(name, taken);
      taken.add(free);
      names.set(inPart.get(named) ?? named, free);
    }
  }
  return names;
}

/** A text that does not become a component. */
interface UnreadableSite extends Inspected {
  readonly name: string;
  readonly unreadable: UnreadableReason;
  readonly detail: string;
}

/** @param formats What the parsers of the program say about the form of an answer. */
function readSite(
  site: Site,
  name: string,
  formats: readonly string[],
  explain: Explanation | undefined,
): NamedSite | UnreadableSite {
  const { text: template, format, kind, description = explain?.describe(site) } = site.part;
  const location = explain?.locate(site.path) ?? '';
  const skip = { name, type: typeName(site.owner), location };
  try {
    const { text, variables, ambiguous } = decodeTemplate(template, format);
    if (ambiguous) {
      return { ...skip, unreadable: 'ambiguous', detail: '' };
    }
    const component: Component = {
      text,
      kind,
      ...(description === undefined ? {} : { description }),
      ...(location === '' ? {} : { location }),
      ...(variables === undefined ? {} : { variables }),
    };
    const reason = optInReason(component, site.part.at, formats);
    const traced = isPromptTemplate(promptOf(site));
    return {
      name,
      site,
      location,
      component,
      traced,
      ...(reason === undefined ? {} : { optInReason: reason }),
    };
  } catch (error) {
    return { ...skip, unreadable: 'unparsable', detail: ` (${format}): ${errorMessage(error)}` };
  }
}

export const descriptionOptInReason = 'descriptions of tools and fields are not optimized by default';

/** A partial variable with fewer words than this counts as a value, not as instructions. */
const minInstructionWords = 5;

const labelsReason = 'it has only labels besides its variables';

/** The outermost prompt that a text is in. */
function promptOf({ path }: Site): unknown {
  return path.find(({ kind }) => kind?.prompt === true)?.node;
}

/** Includes templates with only labels if the program, or the part, has no other text. */
function withLonelyLabels(sites: readonly NamedSite[]): NamedSite[] {
  const others = new Set(
    sites.filter(({ optInReason }) => optInReason === undefined).map(({ site }) => partNameOf(site.path)),
  );
  return sites.map((named) => {
    const { optInReason, ...rest } = named;
    return optInReason === labelsReason && !others.has(partNameOf(named.site.path)) ? rest : named;
  });
}

function optInReason(
  { text, kind, variables = [] }: Component,
  at: KeyPath,
  formats: readonly string[],
): string | undefined {
  if (kind === 'tool-description' || kind === 'field-description') return descriptionOptInReason;
  const words = fixedWords(text, variables);
  if (words.length === 0) return 'it has no words besides its variables';
  if (isOnlyLabels(text, variables)) return labelsReason;
  if (kind !== 'text') return undefined;
  if (words.length < minInstructionWords) return 'it looks like a value, not an instruction';
  return isParserInstruction(String(at.at(-1)), text) || formats.some((format) => text.includes(format))
    ? 'it is the format that an output parser expects'
    : undefined;
}
