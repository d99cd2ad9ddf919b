import { freeName } from 'gepa-core/adapter';
import { ownName } from './node.ts';
import { authorLabel, type Label } from './node-kind.ts';
import type { Path, Site } from './traverse.ts';

/** A prompt of the program and its texts. */
interface Group {
  /** The labels on the path to the prompt. */
  readonly labels: readonly Label[];
  readonly sites: Site[];
}

/**
 * Gives each text a readable, unique name: the prompt's path, then the text's role in the prompt, as in
 * `extract.system`. The path is shortened to the shortest end that is unique and starts with a name from the author.
 * Names do not depend on the texts.
 *
 * @param part the part that the sites are in: every name begins with it.
 */
export function nameSites(sites: readonly Site[], part?: string): Map<Site, string> {
  const groups = groupByPrompt(sites);
  const paths = groups.map((group) => group.labels.map((label) => label.text));
  const names = new Map<Site, string>();
  const takenByGroups = new Set<string>();
  const taken = new Set<string>();
  const promptCount = groups.filter(isPrompt).length;
  for (const group of groups) {
    const path = shorten(group.labels, paths);
    const isNamed = path !== '' || (isPrompt(group) && promptCount > 1);
    const prefix = !isNamed ? '' : isPrompt(group) ? unique(path || 'prompt', takenByGroups) : path;
    for (const site of group.sites) {
      const labels = [part ?? '', prefix, ...roleLabels(site.path).map((label) => label.text)];
      names.set(site, unique(labels.filter((label) => label !== '').join('.') || 'prompt', taken));
    }
  }
  return names;
}

/** False for the descriptions of a tool or a field, which are named after the tool or field. */
function isPrompt({ sites }: Group): boolean {
  return sites.some(({ part }) => part.kind !== 'tool-description' && part.kind !== 'field-description');
}

function groupByPrompt(sites: readonly Site[]): Group[] {
  const groups = new Map<unknown, Group>();
  for (const site of sites) {
    const index = promptIndex(site.path);
    const prompt = site.path[index]!.node;
    const group = groups.get(prompt) ?? { labels: pathLabels(site.path.slice(0, index + 1)), sites: [] };
    group.sites.push(site);
    groups.set(prompt, group);
  }
  return [...groups.values()];
}

/** The index of the outermost prompt on a path. */
function promptIndex(path: Path): number {
  const index = path.findIndex(({ kind }) => kind?.prompt === true);
  return index === -1 ? path.length - 1 : index;
}

/** The labels of nodes and parts from the program to a prompt, without the name of the program itself. */
function pathLabels(path: Path): Label[] {
  const program = path.findIndex(({ kind }) => kind?.wraps !== true);
  const labels = path.flatMap(({ node, kind, part }, i) => {
    const name = kind?.tool === true ? `tools.${ownName(node)}` : i <= program ? undefined : ownName(node);
    const partLabel = i < path.length - 1 ? part?.label : undefined;
    return [
      ...(name === undefined ? [] : [authorLabel(name)]),
      ...(partLabel === undefined ? [] : [partLabel]),
    ];
  });
  return labels.filter((label, i) => label.text !== labels[i - 1]?.text);
}

/** The labels within the outermost prompt. */
function roleLabels(path: Path): Label[] {
  return path.slice(promptIndex(path)).flatMap(({ part }) => (part?.label === undefined ? [] : [part.label]));
}

/** The shortest end of the path that starts with a name from the author and is not the end of another prompt's path. */
function shorten(labels: readonly Label[], paths: readonly (readonly string[])[]): string {
  const path = labels.map((label) => label.text);
  const whole = path.join('.');
  for (let from = path.length - 1; from > 0; from--) {
    const end = path.slice(from).join('.');
    const isUnique = paths.every(
      (other) => other.join('.') === whole || !`.${other.join('.')}`.endsWith(`.${end}`),
    );
    if (labels[from]!.fromAuthor && isUnique) return end;
  }
  return whole;
}

/** The name, or one like it that is not taken. Takes it. */
export function unique(name: string, taken: Set<string>): string {
  const free = freeName(name, taken);
  taken.add(free);
  return free;
}
