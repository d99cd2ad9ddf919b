import type { ReflectiveRecord } from '../../adapter/adapter.ts';
import type { AnyAdapter, AnyRollout } from '../../adapter/any.ts';
import { pause } from '../../calls/pause.ts';
import { type Candidate, ownValue } from '../../component.ts';
import type { Mask } from '../../masking/mask.ts';
import { toPlain } from '../../text/plain.ts';
import { type TextLimits, valueFor } from '../answer/text-limits.ts';
import type { Knowledge } from '../knowledge.ts';
import { numberOf } from '../memory/history.ts';
import type { Memory } from '../memory/memory.ts';
import type { Other } from '../proposer.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS } from '../records/render.ts';
import { type Evidence, evidenceFor, wholeRecords } from './evidence.ts';
import { asksForSeveral, type ComponentRequest, type ReflectionPromptRequest } from './prompt.ts';

/** The sources of the prompts of one proposal. */
export interface RequestSource<Name extends string> {
  readonly adapter: AnyAdapter<Name>;
  readonly candidate: Candidate<Name>;
  readonly components: readonly Name[];
  readonly rollouts: readonly AnyRollout[];
  /** For a merge: the second parent. */
  readonly other?: Other<Name>;
  /** A success outside the minibatch, which is shown too. Default: none. */
  readonly success?: AnyRollout;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters?: number;
  /** Default: 1. */
  readonly perfectScore?: number;
  /** Masks texts in records. Default: they stay as they are. */
  readonly mask?: Mask;
  /** The knowledge of the caller. */
  readonly knowledge: Knowledge<Name> & Pick<TextLimits<Name>, 'maxLength'>;
  /** The memory of the run about the parent. Default: none. */
  readonly memory?: Memory<Name>;
  readonly parent?: number;
  readonly minibatch?: readonly number[];
}

/** A prompt, with the images that belong to it. */
export type PromptRequest = ReflectionPromptRequest & Pick<Evidence, 'images'>;

/** No fewer components share one prompt for lack of space, each with this part of the records' characters. */
const LEAST_SHARE = 1 / 4;

/**
 * The prompts that ask for new texts of the components: one for all of them, or several if that would be too long or if
 * their templates differ.
 */
export async function reflectionRequests<Name extends string>(
  source: RequestSource<Name>,
): Promise<PromptRequest[]> {
  const {
    templates,
    maxRecordCharacters = DEFAULT_MAX_RECORD_CHARACTERS,
    knowledge,
    memory,
    parent,
  } = source;
  const { background, objective, readerHint } = knowledge;
  const byTemplate = new Map<string | undefined, Name[]>();
  for (const name of source.components) {
    const template = typeof templates === 'string' ? templates : ownValue<string>(templates, name);
    byTemplate.set(template, [...(byTemplate.get(template) ?? []), name]);
  }
  const requests: PromptRequest[] = [];
  for (const [template, names] of byTemplate) {
    for (const group of await groups(source, names, maxRecordCharacters, asksForSeveral(template))) {
      const evidence = await evidenceFor({
        ...source,
        names: group,
        maxCharacters: maxRecordCharacters,
        showExpected: knowledge.showExpected,
        validationScore: parent === undefined ? undefined : memory?.candidate(parent).mean,
      });
      const components = withoutRepeats(group.map((name) => componentRequest(source, name)));
      const comparison = comparisonOf(source);
      requests.push({ components, ...evidence, comparison, template, background, objective, readerHint });
    }
  }
  return requests;
}

/** Where each of the two candidates of a merge scores higher, as Markdown. */
function comparisonOf<Name extends string>({
  other,
  minibatch,
  rollouts,
  memory,
}: RequestSource<Name>): string | undefined {
  if (other === undefined || minibatch === undefined || memory === undefined) return undefined;
  return minibatch
    .map(
      (example, place) =>
        `- ${memory.nameOf(example)}: ${numberOf(rollouts[place]!.score)} with the current version, ${numberOf(other.scores[place]!)} with the other.`,
    )
    .join('\n');
}

/** The components of each prompt, in order. */
async function groups<Name extends string>(
  source: RequestSource<Name>,
  names: readonly Name[],
  maxCharacters: number,
  mayShare: boolean,
): Promise<Name[][]> {
  if (names.length === 1) return [[...names]];
  const found: Name[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const name of names) {
    // Components share the records, unless the adapter makes its own.
    const records =
      source.adapter.reflectiveRecords === undefined ? 0 : sizeOf(await wholeRecords(source, name));
    // A long text counts like records: the answer repeats it.
    const length = Math.max(Math.min(records, maxCharacters * LEAST_SHARE), source.candidate[name].length);
    if (!mayShare || size + length > maxCharacters) {
      found.push([]);
      size = 0;
    }
    found.at(-1)!.push(name);
    size += length;
  }
  return found;
}

/** The approximate number of characters of records. */
function sizeOf(records: readonly ReflectiveRecord[]): number {
  return JSON.stringify(toPlain(records))?.length ?? 0;
}

/** Shows learned answers and demands once if they are the same for several components, as they usually are. */
function withoutRepeats(components: readonly ComponentRequest[]): ComponentRequest[] {
  return components.map((component, index) => {
    const { learned } = component;
    const same = components.findIndex((other) => other.learned === learned);
    return learned === undefined || same === index
      ? component
      : { ...component, learned: `The same as for "${components[same]!.name}".` };
  });
}

function componentRequest<Name extends string>(source: RequestSource<Name>, name: Name): ComponentRequest {
  const { adapter, candidate, knowledge, memory, components, rollouts, parent, minibatch } = source;
  const component = adapter.components[name];
  const description = ownValue<string>(knowledge.descriptions, name) ?? masked(source, component.description);
  const question =
    parent === undefined || minibatch === undefined ? undefined : { parent, minibatch, rollouts, components };
  return {
    name,
    component: { ...component, description },
    currentText: candidate[name],
    otherText: source.other?.candidate.texts[name],
    guidance: valueFor(knowledge.guidance, name),
    maxLength: valueFor(knowledge.maxLength, name),
    history: question && memory?.history(question, name),
    learned: question && memory?.lessons(question, name),
  };
}

const masked = ({ mask }: Pick<RequestSource<string>, 'mask'>, text: string | undefined) =>
  text === undefined || mask === undefined ? text : (mask.data(text) as string);

/** The whole records of rollouts for one component, masked. */
export async function recordsFor<Name extends string>(
  source: Pick<RequestSource<Name>, 'adapter' | 'candidate' | 'rollouts' | 'mask' | 'knowledge'>,
  component: Name,
): Promise<readonly ReflectiveRecord[]> {
  const { mask, knowledge } = source;
  const records = await wholeRecords({ ...source, showExpected: knowledge.showExpected }, component);
  if (mask === undefined) return records;
  const masked: ReflectiveRecord[] = [];
  // As plain data, which those of a resumed run are made from too.
  for (const record of records) {
    await pause();
    masked.push(mask.data(record) as ReflectiveRecord);
  }
  return masked;
}
