import type { Adapter, ReflectiveRecord, Rollout } from '../adapter/adapter.ts';
import { type Candidate, ownValue } from '../component.ts';
import type { Mask } from '../redact.ts';
import { fairShares } from './fair-shares.ts';
import { asksForSeveral, type ComponentRequest, type ReflectionPromptRequest } from './prompt.ts';
import { defaultRecords } from './records.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS, renderRecords } from './render.ts';

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
  const { templates, maxRecordCharacters = DEFAULT_MAX_RECORD_CHARACTERS } = source;
  const byTemplate = new Map<string | undefined, Name[]>();
  for (const name of source.components) {
    const template = typeof templates === 'string' ? templates : ownValue<string>(templates, name);
    byTemplate.set(template, [...(byTemplate.get(template) ?? []), name]);
  }
  return [...byTemplate].flatMap(([template, names]) =>
    groups(source, names, maxRecordCharacters, asksForSeveral(template)).map((components) => ({
      components,
      template,
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

function componentRequest<Example, Output, Trace, Name extends string>(
  source: RequestSource<Example, Output, Trace, Name>,
  name: Name,
  maxCharacters: number,
): ComponentRequest {
  return {
    name,
    component: source.adapter.components[name],
    currentText: source.candidate[name],
    records: renderRecords(recordsFor(source, name), { maxCharacters }),
  };
}

/** The records of rollouts for one component, masked: the adapter's own, or else the default ones. */
export function recordsFor<Example, Output, Trace, Name extends string>(
  {
    adapter,
    candidate,
    rollouts,
    mask,
  }: Pick<RequestSource<Example, Output, Trace, Name>, 'adapter' | 'candidate' | 'rollouts' | 'mask'>,
  component: Name,
): readonly ReflectiveRecord[] {
  const records =
    adapter.reflectiveRecords?.({ candidate, component, rollouts }) ??
    defaultRecords({ component, rollouts });
  // As plain data, which those of a resumed run are made from too.
  return mask === undefined ? records : records.map((record) => mask.data(record) as ReflectiveRecord);
}
