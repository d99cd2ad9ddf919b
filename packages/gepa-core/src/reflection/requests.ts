import type { Adapter, ReflectiveRecord, Rollout } from '../adapter/adapter.ts';
import { type Candidate, ownValue } from '../component.ts';
import type { Mask } from '../redact.ts';
import { expectedOf } from './example-parts.ts';
import { fairShares } from './fair-shares.ts';
import type { Knowledge } from './knowledge.ts';
import type { Memory } from './memory.ts';
import { asksForSeveral, type ComponentRequest, type ReflectionPromptRequest } from './prompt.ts';
import { defaultRecords } from './records.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS, renderRecords } from './render.ts';
import { valueFor } from './text-limits.ts';

/** What the prompts of one proposal are made of. */
export interface RequestSource<Example, Output, Trace, Name extends string> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly candidate: Candidate<Name>;
  readonly components: readonly Name[];
  readonly rollouts: readonly Rollout<Example, Output, Trace>[];
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters: number | undefined;
  /** Masks texts in records. Default: they stay as they are. */
  readonly mask?: Mask | undefined;
  /** What the caller knows. */
  readonly knowledge: Knowledge<Name>;
  /** What the run remembers of the parent with these rollouts. Default: nothing. */
  readonly memory?: Memory<Name>;
  readonly parent?: number;
  readonly minibatch?: readonly number[];
}

/** No fewer components share one prompt for lack of space, each with this part of the records' characters. */
const LEAST_SHARE = 1 / 4;

/**
 * The prompts that ask for new texts of the components: one for all of them, or several if that would be too long or if
 * their templates differ.
 */
export function reflectionRequests<Example, Output, Trace, Name extends string>(
  source: RequestSource<Example, Output, Trace, Name>,
): ReflectionPromptRequest[] {
  const { templates, maxRecordCharacters = DEFAULT_MAX_RECORD_CHARACTERS, knowledge } = source;
  const { background, objective, readerHint } = knowledge;
  const byTemplate = new Map<string | undefined, Name[]>();
  for (const name of source.components) {
    const template = typeof templates === 'string' ? templates : ownValue<string>(templates, name);
    byTemplate.set(template, [...(byTemplate.get(template) ?? []), name]);
  }
  return [...byTemplate].flatMap(([template, names]) =>
    groups(source, names, maxRecordCharacters, asksForSeveral(template)).map((components) => ({
      components: withoutRepeats(components),
      template,
      background,
      objective,
      readerHint,
    })),
  );
}

/** The components of each prompt, in order. */
function groups<Example, Output, Trace, Name extends string>(
  source: RequestSource<Example, Output, Trace, Name>,
  names: readonly Name[],
  maxCharacters: number,
  mayShare: boolean,
): ComponentRequest[][] {
  const whole = names.map((name) => componentRequest(source, name, maxCharacters));
  const found: ComponentRequest[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const component of whole) {
    // A long text counts like records: the answer repeats it.
    const length = Math.max(
      Math.min(component.records.length, maxCharacters * LEAST_SHARE),
      component.currentText.length,
    );
    if (!mayShare || size + length > maxCharacters) {
      found.push([]);
      size = 0;
    }
    found.at(-1)!.push(component);
    size += length;
  }
  return found.map((group) => {
    const shares = fairShares(
      group.map(({ records }) => records.length),
      maxCharacters,
    );
    return group.map((component, index) =>
      component.records.length <= shares[index]!
        ? component
        : componentRequest(source, component.name as Name, shares[index]!),
    );
  });
}

/** What was learned is mostly the same for all components: it is shown once. */
function withoutRepeats(components: readonly ComponentRequest[]): ComponentRequest[] {
  return components.map((component, index) => {
    const { learned } = component;
    const same = components.findIndex((other) => other.learned === learned);
    return learned === undefined || same === index
      ? component
      : { ...component, learned: `The same as for "${components[same]!.name}".` };
  });
}

function componentRequest<Example, Output, Trace, Name extends string>(
  source: RequestSource<Example, Output, Trace, Name>,
  name: Name,
  maxCharacters: number,
): ComponentRequest {
  const { adapter, candidate, knowledge, memory, components, rollouts, parent, minibatch } = source;
  const description = ownValue<string>(knowledge.descriptions, name);
  const question =
    parent === undefined || minibatch === undefined ? undefined : { parent, minibatch, rollouts, components };
  return {
    name,
    component: { ...adapter.components[name], ...(description === undefined ? {} : { description }) },
    currentText: candidate[name],
    records: renderRecords(recordsFor(source, name), { maxCharacters }),
    guidance: valueFor(knowledge.guidance, name),
    history: question && memory?.history(question, name),
    learned: question && memory?.lessons(question, name),
  };
}

/** The records of rollouts for one component, masked: the adapter's own, or else the default ones. */
export function recordsFor<Example, Output, Trace, Name extends string>(
  {
    adapter,
    candidate,
    rollouts,
    mask,
    knowledge,
  }: Pick<
    RequestSource<Example, Output, Trace, Name>,
    'adapter' | 'candidate' | 'rollouts' | 'mask' | 'knowledge'
  >,
  component: Name,
): readonly ReflectiveRecord[] {
  const found =
    adapter.reflectiveRecords?.({ candidate, component, rollouts }) ??
    defaultRecords({ component, rollouts });
  const records = knowledge.showExpected === true ? withExpected(found, rollouts) : found;
  // As plain data, which those of a resumed run are made from too.
  return mask === undefined ? records : records.map((record) => mask.data(record) as ReflectiveRecord);
}

/** The records with the expected values of their examples, before the score. */
function withExpected(
  records: readonly ReflectiveRecord[],
  rollouts: readonly Rollout<unknown, unknown, unknown>[],
): readonly ReflectiveRecord[] {
  if (records.length !== rollouts.length) return records;
  return records.map((record, index) => {
    const expected = expectedOf(rollouts[index]!.example);
    if (expected === undefined) return record;
    const fields = Object.entries(record);
    const score = fields.findIndex(([heading]) => heading === 'Score');
    const at = score < 0 ? fields.length : score;
    return Object.fromEntries([...fields.slice(0, at), ['Expected', expected], ...fields.slice(at)]);
  });
}
