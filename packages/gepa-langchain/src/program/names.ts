import { freeName } from 'gepa-core/adapter';
import { ownName } from './node.ts';
import { given, type Label } from './node-kind.ts';
import type { Path, Site } from './traverse.ts';

/** A prompt of the program with the texts in it. */
interface Group {
  /** Labels on the way to the prompt. */
  readonly labels: readonly Label[];
  readonly sites: Site[];
}

/**
 * A readable and unique name for each text: where the prompt stands, then the text's role in it, as in
 * `extract.system`. Of the way to the prompt only as much is named as tells it from the other prompts, and at least
 * the last name the author gave. Names do not depend on the texts.
 */
export function nameSites(sites: readonly Site[]): Map<Site, string> {
  const groups = groupByPrompt(sites);
  const ways = groups.map((group) => group.labels.map((label) => label.text));
  const names = new Map<Site, string>();
  const takenByGroups = new Set<string>();
  const taken = new Set<string>();
  const prompts = groups.filter(holdsPrompt);
  for (const group of groups) {
    const { labels, sites: inside } = group;
    const way = shorten(labels, ways);
    const isNamed = way !== '' || (holdsPrompt(group) && prompts.length > 1);
    const prompt = !isNamed ? '' : holdsPrompt(group) ? unique(way || 'prompt', takenByGroups) : way;
    for (const site of inside) {
      const parts = [prompt, ...roleLabels(site.path).map((label) => label.text)];
      names.set(site, unique(parts.filter((part) => part !== '').join('.') || 'prompt', taken));
    }
  }
  return names;
}

/** Descriptions of tools and fields are named after those, and do not count as a prompt. */
function holdsPrompt({ sites }: Group): boolean {
  return sites.some(({ part }) => !describing.includes(part.kind));
}

const describing: readonly string[] = ['tool-description', 'field-description'];

function groupByPrompt(sites: readonly Site[]): Group[] {
  const groups = new Map<unknown, Group>();
  for (const site of sites) {
    const index = promptIndex(site.path);
    const prompt = site.path[index]!.node;
    const group = groups.get(prompt) ?? { labels: wayLabels(site.path.slice(0, index + 1)), sites: [] };
    group.sites.push(site);
    groups.set(prompt, group);
  }
  return [...groups.values()];
}

/** The outermost prompt on the way. */
function promptIndex(path: Path): number {
  const index = path.findIndex(({ kind }) => kind?.prompt === true);
  return index === -1 ? path.length - 1 : index;
}

/** Names of nodes and of their places, from the program down to a prompt; the name of the whole program says nothing. */
function wayLabels(path: Path): Label[] {
  const inner = path.findIndex(({ kind }) => kind?.wraps !== true);
  const labels = path.flatMap(({ node, kind, part }, i) => {
    const own = kind?.tool === true ? `tools.${ownName(node)}` : i <= inner ? undefined : ownName(node);
    const place = i < path.length - 1 ? part?.label : undefined;
    return [...(own === undefined ? [] : [given(own)]), ...(place === undefined ? [] : [place])];
  });
  return labels.filter((label, i) => label.text !== labels[i - 1]?.text);
}

/** Labels within the outermost prompt. */
function roleLabels(path: Path): Label[] {
  return path.slice(promptIndex(path)).flatMap(({ part }) => (part?.label === undefined ? [] : [part.label]));
}

/** The shortest end of the way that begins with a name the author gave and is no end of another prompt's way. */
function shorten(labels: readonly Label[], ways: readonly (readonly string[])[]): string {
  const way = labels.map((label) => label.text);
  const whole = way.join('.');
  for (let from = way.length - 1; from > 0; from--) {
    const end = way.slice(from).join('.');
    const isTold = ways.every(
      (other) => other.join('.') === whole || !`.${other.join('.')}`.endsWith(`.${end}`),
    );
    if (labels[from]!.given && isTold) return end;
  }
  return whole;
}

function unique(name: string, taken: Set<string>): string {
  const free = freeName(name, taken);
  taken.add(free);
  return free;
}
