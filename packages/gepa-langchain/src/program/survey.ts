import type { Component } from 'gepa-core';
import { decodeTemplate } from '../template.ts';
import { passedOver } from './leaves.ts';
import { describePlace, locate } from './location.ts';
import { nameSites } from './names.ts';
import { isNode, type Node, typeName } from './node.ts';
import { type Site, traverse } from './traverse.ts';

/** A part of the program that was looked at. */
export interface Inspected {
  /** LangChain's name of its class. */
  readonly type: string;
  /** Where in the program it is, for people. */
  readonly location: string;
}

/** A part of the program that is left as it is. */
export interface Skipped extends Inspected {
  /** The name the text would have as a component; absent where no text was found. */
  readonly name?: string;
  /** Why, as the end of a sentence that begins with the part. */
  readonly reason: string;
  /** What would make it reachable. */
  readonly hint: string;
}

/** A text of the program under its name. */
export interface NamedSite {
  readonly name: string;
  readonly site: Site;
  readonly location: string;
  readonly component: Component;
  /** Whether the run of a prompt tells in a trace that the text took part. */
  readonly traced: boolean;
  /** Why the text is left alone unless it is asked for by name. */
  readonly reserve?: string;
}

/** All that is to know about a program. */
export interface Survey {
  readonly sites: readonly NamedSite[];
  readonly skipped: readonly Skipped[];
  readonly inspected: readonly Inspected[];
  /** What the graphs in it keep their threads with. */
  readonly checkpointers: ReadonlySet<Node>;
}

/** Looks at everything in a program. Never throws: what cannot be read is skipped. */
export function survey(program: unknown): Survey {
  const sites: Site[] = [];
  const skipped: Skipped[] = [];
  const inspected: Inspected[] = [];
  const checkpointers = new Set<Node>();
  const seen = new Set<unknown>();
  traverse(program, {
    enter: (path) => {
      const { node, kind } = path.at(-1)!;
      if (seen.has(node)) return;
      seen.add(node);
      const about = { type: typeName(node), location: locate(path) };
      inspected.push(about);
      if (kind === undefined) {
        const leaf = passedOver(node);
        if (leaf !== undefined) skipped.push({ ...about, ...leaf });
      }
    },
    omit: (part, path) => {
      const { omitted: reason, hint } = part;
      skipped.push({ type: typeName(path.at(-1)!.node), location: locate(path), reason, hint });
    },
    checkpointer: (own) => {
      checkpointers.add(own);
      return undefined;
    },
    text: (site) => {
      sites.push(site);
      return undefined;
    },
  });
  const names = nameSites(sites);
  const named: NamedSite[] = [];
  for (const site of sites) {
    if (site.part.text === '') continue;
    const read = readSite(site, names.get(site)!);
    if ('reason' in read) skipped.push(read);
    else named.push(read);
  }
  return { sites: named, skipped, inspected, checkpointers };
}

function readSite(site: Site, name: string): NamedSite | Skipped {
  const { text: template, format, kind, description = describePlace(site.path) } = site.part;
  const location = locate(site.path);
  const about = { name, type: typeName(site.owner), location };
  try {
    const { text, variables, ambiguous } = decodeTemplate(template, format);
    if (ambiguous) {
      return {
        ...about,
        reason: 'it holds both a variable and the same name in literal braces, which could not be told apart',
        hint: 'Write the literal in another way, for example <name>.',
      };
    }
    const component: Component = {
      text,
      kind,
      description,
      location,
      ...(variables === undefined ? {} : { variables }),
    };
    const reserve = reserveAbout(component);
    const prompt = site.path.find(({ kind }) => kind?.prompt === true)?.node;
    const traced = isNode(prompt) && typeof prompt.formatPromptValue === 'function';
    return { name, site, location, component, traced, ...(reserve === undefined ? {} : { reserve }) };
  } catch (error) {
    return {
      ...about,
      reason: `it does not parse as a ${format} template: ${(error as Error).message}`,
      hint: 'Mend the template; LangChain cannot fill it in either.',
    };
  }
}

export const descriptionReserve = 'descriptions of tools and fields are left alone unless asked for';

/** Fewer words than this in a filled-in value make it data rather than instructions. */
const wordsOfText = 5;

function reserveAbout({ text, kind, variables = [] }: Component): string | undefined {
  if (kind === 'tool-description' || kind === 'field-description') return descriptionReserve;
  const words = variables
    .reduce((rest, variable) => rest.replaceAll(`{${variable}}`, ' '), text)
    .match(/[\p{L}\p{N}]+/gu);
  if (words === null) return 'it holds no words of its own';
  if (kind === 'text' && words.length < wordsOfText) return 'it looks like a value rather than a text';
  return undefined;
}
