import type { Agent, AgentInstructions } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import { type Tunable, withCandidate } from 'gepa-core/load';
import { defaultInstructions, effectiveInstructions, textsOf } from './instructions.ts';
import { readSync, type SyncRead } from './maybe-promise.ts';
import { recordingReads, withOtherValues, without } from './request-context.ts';

/** The texts of instructions, and what each of them depends on. */
export interface ReadInstructions {
  readonly texts: readonly string[];
  /** Whether they are several texts, at least under another request context. */
  readonly isList: boolean;
  /** The keys that were read from the request context, or `everything`. */
  readonly reads: readonly string[];
  /** Those of `reads` whose value changed none of the texts: they may choose between texts for other values. */
  readonly hiddenReads: readonly string[];
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
  const ofOptions = new Set<string>();
  const first = readSync<AgentInstructions>(() =>
    effectiveInstructions(
      agent,
      { requestContext: recordingReads(requestContext, reads) },
      { requestContext: recordingReads(requestContext, ofOptions) },
    ),
  );
  if (!('value' in first)) return first;
  const texts = textsOf(first.value);
  const positions = [...texts.keys()];
  /** The texts at a fixed time, and none if the function throws. */
  const fixed = (context: RequestContext) => {
    const other = atFixedTime(() => read(context));
    return 'value' in other ? textsOf(other.value) : undefined;
  };
  const contexts = [
    requestContext,
    withOtherValues(requestContext, [...requestContext.keys(), ...reads, ...ofOptions]),
    new RequestContext(),
  ];
  // Default options depend on the request for many reasons.
  if (contexts.some((context) => defaultInstructions(agent, { requestContext: context })))
    for (const key of ofOptions) reads.add(key);
  const others = contexts.slice(1).flatMap((context) => {
    const other = fixed(context);
    return other === undefined ? [] : [other];
  });
  // A function that throws without its context depends on it.
  const varying = new Set(
    positions.filter(
      (position) => others.length === 0 || others.some((other) => other[position] !== texts[position]),
    ),
  );
  const seed = fixed(requestContext);
  const isHidden = (key: string) =>
    [withOtherValues(requestContext, [key]), without(requestContext, key)].every((context) => {
      const other = fixed(context);
      return other === undefined || positions.every((position) => other[position] === seed?.[position]);
    });
  const withTunable = tunables.flatMap(({ name, text }) =>
    contexts.flatMap((context) => {
      const changed = `${text}~`;
      const [before, other, after] = [
        fixed(context),
        withCandidate({ [name]: changed }, () => fixed(context)),
        fixed(context),
      ];
      return positions
        .filter((position) => {
          const inOther = other?.[position];
          if (inOther === undefined || inOther === before?.[position]) return false;
          // A text that changes from call to call differs without the tunable, too.
          return before?.[position] === after?.[position] || inOther.includes(changed);
        })
        .map((position) => [position, name] as const);
    }),
  );
  return {
    value: {
      texts,
      isList: [texts, ...others].some(({ length }) => length > 1),
      reads: [...reads],
      hiddenReads: [...reads].filter((key) => (key === 'everything' ? varying.size === 0 : isHidden(key))),
      varying,
      tunables: new Map(withTunable),
    },
  };
}

/** Years, weekdays, hours and minutes all differ from now. */
const anotherTimeMs = Date.now() + ((400 * 24 + 13) * 60 + 17) * 60_000;

/** Calls a synchronous function at another time than now, the same in each call, and with the same random numbers. */
function atFixedTime<Result>(call: () => Result): Result {
  const { Date: RealDate } = globalThis;
  const { random } = Math;
  const now = () => anotherTimeMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
  let last = 0.1;
  Math.random = () => {
    last = (last * 997 + 0.37) % 1;
    return last;
  };
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
