import type { Callbacks } from '@langchain/core/callbacks/manager';
import { IterableReadableStream } from '@langchain/core/utils/stream';
import type { Candidate, Tunable } from 'gepa-core';
import { copyOfPart, presentContext, withCandidate } from 'gepa-core/load';
import { agent } from './agents.ts';
import { withFirst, withHandler } from './ambient-config.ts';
import { copyWith } from './copy-with.ts';
import { isNode, isRunnable, type Node } from './node.ts';
import type { NodeKind } from './node-kind.ts';
import { noCopies, type PartCopies } from './part-copies.ts';
import { sentMessages } from './sent-messages.ts';

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
  /** The program with the copies of tools in it. */
  withTools?: object;
}

/**
 * The key of the binding of each proxy that `bindTunables` returned. A registered symbol, because an application may load a
 * program with one copy of this package and compile it with another.
 */
const bindingKey = Symbol.for('gepa.langchain.binding');

function bindingOf(program: object): Binding<object> | undefined {
  return (program as { readonly [bindingKey]?: Binding<object> })[bindingKey];
}

/**
 * Reverses `bindTunables`, also for what `pipe`, `assign` and `withFallbacks` of its result returned. Returns any other program
 * itself, with no texts.
 */
export function unbindTunables<Program extends object>(program: Program): Binding<Program> {
  const binding = bindingOf(program) as Binding<Program> | undefined;
  if (binding !== undefined) return binding;
  for (const key of ['first', 'bound', 'runnable']) {
    const inner = (program as unknown as Node)[key];
    if (!isRunnable(inner)) continue;
    const { program: value, ...rest } = unbindTunables<object>(inner);
    if (value !== inner) return { ...rest, program: copyWith(program, [{ at: [key], value }]) };
  }
  return { program, tunableTexts: {}, copies: noCopies };
}

export function isBound(program: object): boolean {
  return bindingOf(program) !== undefined;
}

/**
 * Binds texts to a program's tunables, and copies to its parts. They apply to `invoke`, `batch`, `stream` and `streamEvents`, and to the
 * runnables that `withConfig` and similar methods return. What `pipe` adds has its own texts.
 */
export function bindTunables<Program extends object>(
  program: Program,
  tunableTexts: Candidate,
  copies: PartCopies = noCopies,
): Program {
  const proxies = new WeakMap<object, object>();
  const handler = copies.hasConstants ? sentMessages(copies.replaceIn) : undefined;
  const within = <Result>(call: () => Result): Result =>
    withCandidate(tunableTexts, () => (handler === undefined ? call() : withHandler(handler, call)), {
      copies,
    });

  /** The arguments of a call, with the handler before the callbacks in its config or configs. */
  const prepared = (args: unknown[]): unknown[] => {
    if (handler === undefined) return args;
    const first = (config: unknown): unknown => {
      if (Array.isArray(config)) return config.map(first);
      return isNode(config) && config.callbacks !== undefined
        ? { ...config, callbacks: withFirst(config.callbacks as Callbacks, handler) }
        : config;
    };
    return args.map((arg, i) => (i === 1 ? first(arg) : arg));
  };

  function bind<T extends object>(original: T): T {
    const known = proxies.get(original);
    if (known !== undefined) return known as T;
    const binding = { program: original, tunableTexts, copies };
    const proxy: T = new Proxy(original, {
      get(target, key) {
        if (key === bindingKey) return binding;
        const copy = copyOfPart(proxy);
        if (copy !== undefined) return Reflect.get(copy, key);
        // The receiver is the target, not the proxy: a method may need its private fields.
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'constructor' || isReadOnly(target, key)) return value;
        if (typeof value !== 'function') return key === 'graph' ? bindResult(value) : value;
        return (...args: unknown[]) => {
          if (joining.includes(key)) return rootMethod(target, key).apply(proxy, args);
          const given = prepared(key === 'transform' ? outside(args) : args);
          return bindResult(within(() => value.apply(target, given)));
        };
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
    proxies.set(original, proxy);
    return proxy;
  }

  /** Binds a method's result, because it may run the program later. */
  function bindResult(value: unknown): unknown {
    if (value instanceof Promise) return value.then(bindResult);
    if (value instanceof ReadableStream) return bindStream(value);
    return isProgram(value) || isIterator(value) ? bind(value) : value;
  }

  /** A stream does its work while it is read. */
  function bindStream(stream: ReadableStream<unknown>): ReadableStream<unknown> {
    const reader = stream.getReader();
    return new IterableReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await within(() => reader.read());
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => within(() => reader.cancel(reason)),
      },
      // Reads nothing ahead.
      { highWaterMark: 0 },
    );
  }

  return bind(program);
}

/** A program with bound tunables inside another program, such as a compiled one in a sequence. */
export const boundProgram: NodeKind = {
  byConstructor: true,
  wraps: true,
  matches: isBound,
  alias: (node) => (agent.matches(node) ? (node.graph as object) : node),
  parts: (node) => {
    const binding = bindingOf(node)!;
    binding.withTools ??= binding.copies.withTools(binding.program);
    return [{ at: ['program'], child: binding.withTools }];
  },
  rebuild: (node, [edit]) => {
    const { tunableTexts, copies } = bindingOf(node)!;
    return bindTunables(edit!.value as object, tunableTexts, copies.withoutTools());
  },
};

/** Methods that join the program to other programs, which must not run with its texts. */
const joining: readonly PropertyKey[] = ['pipe', 'assign', 'withFallbacks'];

/** The method of the class at the root, which keeps the program whole: a sequence would take itself apart. */
function rootMethod(target: object, key: PropertyKey): (...args: unknown[]) => unknown {
  const parent = Object.getPrototypeOf(target);
  return parent !== null && key in parent ? rootMethod(parent, key) : Reflect.get(target, key);
}

/** The input of `transform` is a generator of the caller, which must not work with the texts of this program. */
function outside([input, ...rest]: unknown[]): unknown[] {
  const iterator = (input as AsyncGenerator)[Symbol.asyncIterator]();
  const inContext = presentContext();
  const call = (key: 'next' | 'return') => (value: unknown) => inContext(() => iterator[key](value));
  const calls = { next: call('next'), return: call('return') };
  return [{ ...calls, [Symbol.asyncIterator]: () => calls }, ...rest];
}

/** The specification of `Proxy` requires the original value for such a property. */
function isReadOnly(target: object, key: PropertyKey): boolean {
  const property = Reflect.getOwnPropertyDescriptor(target, key);
  return property?.configurable === false && property.writable === false;
}

function isProgram(value: unknown): value is object {
  return isRunnable(value) || (isNode(value) && agent.matches(value));
}

function isIterator(value: unknown): value is object {
  return isNode(value) && (typeof value.next === 'function' || Symbol.asyncIterator in value);
}
