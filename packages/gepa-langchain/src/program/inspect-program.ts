import type { Component } from 'gepa-core';
import { nameSites, unique } from './component-names.ts';
import type { KeyPath } from './copy-with.ts';
import { fixedWords, isOnlyLabels, isParserInstruction } from './fixed-parts.ts';
import { isNode, isPromptTemplate } from './node.ts';
import { instructionsOf, isParser } from './parsers.ts';
import { partNameOf } from './program-with-parts.ts';
import { decodeTemplate } from './template/template.ts';
import { type Site, traverse } from './traverse.ts';

/** A text of the program and its component. */
export interface NamedSite {
  readonly name: string;
  readonly site: Site;
  /** `discover.ts` adds location and description. */
  readonly component: Component;
  /** Set when the text is not optimized by default. */
  readonly optIn?: OptInReason;
}

/** Why a text is not optimized by default. `skip-reasons.ts` has the words, which production does not need. */
export type OptInReason = 'description' | 'onlyVariables' | 'onlyLabels' | 'value' | 'parserFormat';

/** A text that does not become a component. */
export interface UnreadableSite {
  readonly name: string;
  readonly site: Site;
  readonly unreadable: 'ambiguous' | 'unparsable';
  /** The error of the template's parser. */
  readonly error?: unknown;
}

export interface ProgramInspection {
  readonly sites: readonly NamedSite[];
  readonly unreadable: readonly UnreadableSite[];
}

/** Finds the texts of a program. Never throws. */
export function inspectProgram(program: unknown): ProgramInspection {
  const found: Site[] = [];
  const formats = new Set<string>();
  traverse(program, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (isParser(node)) formats.add(instructionsOf(node));
    },
    text: (site) => {
      if (!isUnusedSchema(site)) found.push(site);
      return undefined;
    },
  });
  const names = namesOf(found);
  const sites: NamedSite[] = [];
  const unreadable: UnreadableSite[] = [];
  for (const site of found) {
    if (site.part.text === '') continue;
    const read = readSite(site, names.get(site)!, [...formats].filter(Boolean));
    if ('unreadable' in read) unreadable.push(read);
    else sites.push(read);
  }
  return { sites: withLonelyLabels(sites), unreadable };
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
    const inPart = part === undefined ? group : group.map((site) => ({ ...site, path: site.path.slice(1) }));
    for (const [named, name] of nameSites(inPart, part)) {
      names.set(group[inPart.indexOf(named)]!, unique(name, taken));
    }
  }
  return names;
}

/** @param formats What the parsers of the program say about the form of an answer. */
function readSite(site: Site, name: string, formats: readonly string[]): NamedSite | UnreadableSite {
  const { text: template, format, kind } = site.part;
  try {
    const { ambiguous, ...readable } = decodeTemplate(template, format);
    if (ambiguous) return { name, site, unreadable: 'ambiguous' };
    const component: Component = { ...readable, kind };
    return { name, site, component, optIn: optInReason(component, site.part.at, formats) };
  } catch (error) {
    return { name, site, unreadable: 'unparsable', error };
  }
}

/** A partial variable with fewer words than this counts as a value, not as instructions. */
const minInstructionWords = 5;

/** Includes templates with only labels if the program, or the part, has no other text. */
function withLonelyLabels(sites: readonly NamedSite[]): NamedSite[] {
  const others = new Set(
    sites.filter(({ optIn }) => optIn === undefined).map(({ site }) => partNameOf(site.path)),
  );
  return sites.map((named) =>
    named.optIn === 'onlyLabels' && !others.has(partNameOf(named.site.path))
      ? { ...named, optIn: undefined }
      : named,
  );
}

function optInReason(
  { text, kind, variables = [] }: Component,
  at: KeyPath,
  formats: readonly string[],
): OptInReason | undefined {
  if (kind === 'tool-description' || kind === 'field-description') return 'description';
  const words = fixedWords(text, variables);
  if (words.length === 0) return 'onlyVariables';
  if (isOnlyLabels(text, variables)) return 'onlyLabels';
  if (kind !== 'text') return undefined;
  if (words.length < minInstructionWords) return 'value';
  return isParserInstruction(String(at.at(-1)), text) || formats.some((format) => text.includes(format))
    ? 'parserFormat'
    : undefined;
}
