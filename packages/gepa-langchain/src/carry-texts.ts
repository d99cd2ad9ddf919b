import { IterableReadableStream } from '@langchain/core/utils/stream';
import type { Candidate } from 'gepa-core';
import { withCandidate } from 'gepa-core/adapter';
import { isNode, isRunnable } from './program/node.ts';

const made = new WeakMap<object, Uncarried<object>>();

interface Uncarried<Program> {
  readonly program: Program;
  readonly texts: Candidate;
}

/** The program that a carrier was made of, and the texts it carries; any other program as it is, with none. */
export function uncarry<Program>(program: Program): Uncarried<Program> {
  const known = isNode(program) ? made.get(program) : undefined;
  return (known as Uncarried<Program> | undefined) ?? { program, texts: {} };
}

/**
 * The program, with a candidate's texts for its tunables in all it does: `invoke`, `batch`, `stream`, `streamEvents`,
 * and the same of what `pipe`, `withConfig` and the like make of it.
 */
export function carryTexts<Program extends object>(program: Program, texts: Candidate): Program {
  const carriers = new WeakMap<object, object>();

  function carry<T extends object>(original: T): T {
    const known = carriers.get(original);
    if (known !== undefined) return known as T;
    const carrier = new Proxy(original, {
      get(target, key) {
        // On the object itself, since a method may need its private fields.
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'constructor' || isFixed(target, key)) return value;
        if (typeof value === 'function') {
          return (...args: unknown[]) => carried(withCandidate(texts, () => value.apply(target, args)));
        }
        return key === 'graph' ? carried(value) : value;
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
    carriers.set(original, carrier);
    made.set(carrier, { program: original, texts });
    return carrier;
  }

  /** What a method of the program gave, so that what it does later has the texts too. */
  function carried(value: unknown): unknown {
    if (value instanceof Promise) return value.then(carried);
    if (value instanceof ReadableStream) return IterableReadableStream.fromAsyncGenerator(read(value));
    return isProgram(value) || isIterator(value) ? carry(value) : value;
  }

  /** Reads a stream where the texts are known: a stream goes on with its work when it is read. */
  async function* read(stream: ReadableStream<unknown>): AsyncGenerator<unknown> {
    const reader = stream.getReader();
    let isDone = false;
    try {
      while (!isDone) {
        const { done, value } = await withCandidate(texts, () => reader.read());
        isDone = done;
        if (!done) yield value;
      }
    } finally {
      if (!isDone) await withCandidate(texts, () => reader.cancel());
      reader.releaseLock();
    }
  }

  return carry(program);
}

/** A property that a proxy may not answer in another way. */
function isFixed(target: object, key: PropertyKey): boolean {
  const property = Reflect.getOwnPropertyDescriptor(target, key);
  return property?.configurable === false && property.writable === false;
}

function isProgram(value: unknown): value is object {
  return isRunnable(value) || (isNode(value) && isNode(value.options) && isRunnable(value.graph));
}

function isIterator(value: unknown): value is object {
  return isNode(value) && (typeof value.next === 'function' || Symbol.asyncIterator in value);
}
