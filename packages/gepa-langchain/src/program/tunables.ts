import type { Callbacks } from '@langchain/core/callbacks/manager';
import { IterableReadableStream } from '@langchain/core/utils/stream';
import type { Candidate, Tunable } from 'gepa-core';
import { withCandidate } from 'gepa-core/adapter';
import { withFirst, withHandler } from './ambient-config.ts';
import { isNode, isRunnable } from './node.ts';
import type { NodeKind } from './node-kind.ts';
import { noCopies, type PartCopies } from './part-copies.ts';
import { SentMessages } from './sent-messages.ts';

/** Splits a candidate into the texts in the program's own objects and the texts of tunables. */
export function splitCandidate(candidate: Candidate, tunables: readonly Tunable[]) {
  const isTunable = ([name]: readonly [string, string]) => tunables.some((tunable) => tunable.name === name);
  const entries = Object.entries(candidate);
  return {
    programTexts: Object.fromEntries(entries.filter((entry) => !isTunable(entry))) as Candidate,
    tunableTexts: Object.fromEntries(entries.filter(isTunable)) as Candidate,
  };
}

interface Binding<Program> {
  readonly program: Program;
  readonly tunableTexts: Candidate;
  /** The copies of the parts. */
  readonly copies: PartCopies;
}

/** The binding behind each proxy that `bindTunables` returned. */
const bindings = new WeakMap<object, () => Binding<object>>();

/** Reverses `bindTunables`, with the copies of tools in the program. Returns any other program itself, with no texts. */
export function unbindTunables<Program>(program: Program): Binding<Program> {
  const binding = isNode(program) ? bindings.get(program)?.() : undefined;
  return (binding as Binding<Program> | undefined) ?? { program, tunableTexts: {}, copies: noCopies };
}

/**
 * Binds texts to a program's tunables, and copies to its parts. They apply to `invoke`, `batch`, `stream` and `streamEvents`, and to the
 * runnables that `pipe`, `withConfig` and similar methods return.
 */
export function bindTunables<Program extends object>(
  program: Program,
  tunableTexts: Candidate,
  copies: PartCopies = noCopies,
): Program {
  const proxies = new WeakMap<object, object>();
  const handler = copies.hasConstants ? new SentMessages(copies.replaceIn) : undefined;
  const within = <Result>(call: () => Result): Result =>
    withCandidate(tunableTexts, () => (handler === undefined ? call() : withHandler(handler, call)), {
      copies,
    });

  /** The arguments of a call, with the handler before the callbacks in its config or configs. */
  const prepared = (args: unknown[]): unknown[] => {
    const first = (config: unknown): unknown => {
      if (Array.isArray(config)) return config.map(first);
      return handler !== undefined && isNode(config) && config.callbacks !== undefined
        ? { ...config, callbacks: withFirst(config.callbacks as Callbacks, handler) }
        : config;
    };
    return handler === undefined || args.length < 2 ? args : [args[0], first(args[1]), ...args.slice(2)];
  };

  function bind<T extends object>(original: T): T {
    const known = proxies.get(original);
    if (known !== undefined) return known as T;
    const proxy = new Proxy(original, {
      get(target, key) {
        // The receiver is the target, not the proxy: a method may need its private fields.
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'constructor' || isReadOnly(target, key)) return value;
        if (typeof value === 'function') {
          return (...args: unknown[]) => bindResult(within(() => value.apply(target, prepared(args))));
        }
        return key === 'graph' ? bindResult(value) : value;
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
    proxies.set(original, proxy);
    let binding: Binding<object> | undefined;
    bindings.set(proxy, () => {
      binding ??= { program: copies.withTools(original), tunableTexts, copies };
      return binding;
    });
    return proxy;
  }

  /** Binds a method's result, because it may run the program later. */
  function bindResult(value: unknown): unknown {
    if (value instanceof Promise) return value.then(bindResult);
    if (value instanceof ReadableStream) return IterableReadableStream.fromAsyncGenerator(read(value));
    return isProgram(value) || isIterator(value) ? bind(value) : value;
  }

  /** Reads a stream with the texts applied: a stream does its work while it is read. */
  async function* read(stream: ReadableStream<unknown>): AsyncGenerator<unknown> {
    const reader = stream.getReader();
    let isDone = false;
    try {
      while (!isDone) {
        const { done, value } = await within(() => reader.read());
        isDone = done;
        if (!done) yield value;
      }
    } finally {
      if (!isDone) await within(() => reader.cancel());
      reader.releaseLock();
    }
  }

  return bind(program);
}

/** A program with bound tunables inside another program, such as a compiled one in a sequence. */
export const boundProgram: NodeKind = {
  byConstructor: true,
  wraps: true,
  matches: (node) => bindings.has(node),
  parts: (node) => [{ at: ['program'], child: unbindTunables(node).program }],
  rebuild: (node, edits) => {
    const { tunableTexts, copies } = unbindTunables(node);
    return bindTunables(edits[0]!.value as object, tunableTexts, copies);
  },
};

/** The specification of `Proxy` requires the original value for such a property. */
function isReadOnly(target: object, key: PropertyKey): boolean {
  const property = Reflect.getOwnPropertyDescriptor(target, key);
  return property?.configurable === false && property.writable === false;
}

function isProgram(value: unknown): value is object {
  return isRunnable(value) || (isNode(value) && isNode(value.options) && isRunnable(value.graph));
}

function isIterator(value: unknown): value is object {
  return isNode(value) && (typeof value.next === 'function' || Symbol.asyncIterator in value);
}
