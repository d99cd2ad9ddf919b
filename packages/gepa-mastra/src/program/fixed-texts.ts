import type { Agent, AgentInstructions } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import { type Tunable, withCandidate } from 'gepa-core/load';
import { effectiveInstructions, textsOf } from './instructions.ts';
import { readSync, type SyncRead } from './maybe-promise.ts';
import { recordingReads, withOtherValues } from './request-context.ts';

/** The texts of instructions, and what each of them depends on. */
export interface ReadInstructions {
  readonly texts: readonly string[];
  /** The keys that were read from the request context, or `everything`. */
  readonly reads: readonly string[];
  /** The positions of texts that differ under another request context, at another time, or from call to call. */
  readonly varying: ReadonlySet<number>;
  /** By position, the name of a tunable that the text contains. */
  readonly tunables: ReadonlyMap<number, string>;
}

/** Reads instructions several times, under different circumstances, to find out which of their texts are fixed. */
export function readInstructions(
  agent: Agent,
  requestContext: RequestContext,
  tunables: readonly Tunable[],
): SyncRead<ReadInstructions> {
  const reads = new Set<string>();
  const read = (context: RequestContext) =>
    readSync<AgentInstructions>(() => effectiveInstructions(agent, { requestContext: context }));
  const first = read(recordingReads(requestContext, reads));
  if (!('value' in first)) return first;
  const texts = textsOf(first.value);
  const others = [withOtherValues(requestContext, reads), new RequestContext()].flatMap((context) => {
    const other = atAnotherTime(() => read(context));
    return 'value' in other ? [textsOf(other.value)] : [];
  });
  const positions = [...texts.keys()];
  const differing = (other: readonly string[]) =>
    positions.filter((position) => other[position] !== texts[position]);
  // A function that throws without its context depends on it.
  const varying = others.length === 0 ? positions : others.flatMap(differing);
  const withTunable = tunables.flatMap(({ name, text }) => {
    const other = withCandidate({ [name]: `${text}~` }, () => read(requestContext));
    return 'value' in other
      ? differing(textsOf(other.value))
          .filter((position) => !varying.includes(position))
          .map((position) => [position, name] as const)
      : [];
  });
  return {
    value: { texts, reads: [...reads], varying: new Set(varying), tunables: new Map(withTunable) },
  };
}

/** Years, weekdays, hours and minutes all differ. */
const anotherTimeMs = ((400 * 24 + 13) * 60 + 17) * 60_000;

/** Calls a synchronous function at another time, and with other random numbers. */
function atAnotherTime<Result>(call: () => Result): Result {
  const { Date: RealDate } = globalThis;
  const { random } = Math;
  const now = () => RealDate.now() + anotherTimeMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
  Math.random = () => random.call(Math) / 2;
  const formats = Intl.DateTimeFormat.prototype;
  const format = Object.getOwnPropertyDescriptor(formats, 'format')!;
  Object.defineProperty(formats, 'format', {
    get() {
      return (date = now()) => format.get?.call(this)(date);
    },
  });
  try {
    return call();
  } finally {
    globalThis.Date = RealDate;
    Math.random = random;
    Object.defineProperty(formats, 'format', format);
  }
}
