import type { Candidate } from 'gepa-core';
import { type Copies, currentBinding } from 'gepa-core/load';
import { escapeRegExp } from '../util/escape-reg-exp.ts';
import { copyWith } from './copy-with.ts';
import { MessageHooks } from './message-hooks.ts';
import { isMessage, isNode, type Node } from './node.ts';

/** The copies of messages that the handlers of callbacks get. */
const shown = new WeakSet<object>();

/** The copies of parts and tools within a rollout or a compiled program, and the messages that were sent with other texts. */
export class PartCopies implements Copies {
  readonly objects: Map<object, object>;
  /** A program with the copies of its tools in it. */
  readonly withTools: <Program>(program: Program) => Program;
  /** The copies of tools. */
  readonly tools: ReadonlyMap<object, object>;
  /** The strings among the parts, by name, as the program has them. */
  readonly constants: Readonly<Record<string, string>>;
  readonly #texts: Candidate;
  readonly #hooks: MessageHooks;
  /** The copies of messages, and of parts of their content. */
  readonly #sent = new WeakMap<object, object>();

  constructor(
    objects: Map<object, object>,
    constants: Readonly<Record<string, string>>,
    texts: Candidate,
    hooks = new MessageHooks(),
    tools: ReadonlyMap<object, object> = new Map(),
    withTools = <Program>(program: Program) => program,
  ) {
    this.withTools = withTools;
    this.tools = tools;
    this.objects = objects;
    this.constants = constants;
    this.#texts = texts;
    this.#hooks = hooks;
  }

  /** For a program that has the copies of tools in it. */
  withoutTools(): PartCopies {
    return new PartCopies(this.objects, this.constants, this.#texts, this.#hooks);
  }

  get isEmpty(): boolean {
    return this.objects.size + this.tools.size === 0 && !this.hasConstants;
  }

  get hasConstants(): boolean {
    return Object.keys(this.constants).length > 0;
  }

  get(object: object): object | undefined {
    // A tool may be a part, too.
    return this.tools.get(object) ?? this.objects.get(object) ?? this.#sent.get(object);
  }

  /**
   * Replaces constants in messages before they are sent to a model. The messages belong to the program, which may send them
   * again, so they get hooks and are not changed. The lists are for the handlers of callbacks, which get copies: they may read
   * them outside of the program.
   */
  readonly replaceIn = (lists: readonly unknown[][]): void => {
    if (!this.hasConstants) return;
    for (const list of lists) {
      for (const [i, message] of list.entries()) {
        if (!isMessage(message) || shown.has(message) || ['ai', 'tool'].includes(message._getType()))
          continue;
        const copy = this.#replaceInMessage(message);
        if (copy !== message) shown.add(copy);
        list[i] = copy;
      }
    }
  };

  /** LangChain shows handlers copies of messages with images, but these have the same parts. */
  #replaceInMessage(message: Node): object {
    const { content } = message;
    if (typeof content === 'string') return this.#replaceIn(message, 'content', content);
    if (!Array.isArray(content)) return message;
    const edits = content.flatMap((part: unknown, i) => {
      if (!isNode(part) || typeof part.text !== 'string') return [];
      const value = this.#replaceIn(part, 'text', part.text);
      return value === part ? [] : [{ at: ['content', i], value }];
    });
    return copyWith(message, edits);
  }

  /**
   * Of constants that begin at the same place, the longest is replaced, since it may contain another one.
   *
   * @returns the copy with other texts, or the holder itself.
   */
  #replaceIn(holder: Node, field: 'content' | 'text', sent: string): object {
    const known = this.#sent.get(holder);
    if (known !== undefined) return known;
    const found = Object.entries(this.constants)
      .filter(([, constant]) => sent.includes(constant))
      .sort(([, a], [, b]) => b.length - a.length);
    // A constant counts as read only when it is replaced.
    if (found.length === 0 || !this.#hooks.hook(holder, field)) return holder;
    // Another component may have a text with the same words.
    const others = Object.entries(this.#texts).flatMap(([name, text]) =>
      name in this.constants ? [] : [text],
    );
    const texts = [...others, ...found.map(([, constant]) => constant)].sort((a, b) => b.length - a.length);
    const pattern = new RegExp(texts.map(escapeRegExp).join('|'), 'g');
    const value = sent.replace(pattern, (text) => {
      const [name] = found.find(([, constant]) => constant === text) ?? [];
      if (name === undefined) return text;
      currentBinding()?.reads?.add(name);
      return this.#texts[name] ?? text;
    });
    const copy = copyWith(holder, [{ at: [field], value }]);
    this.#sent.set(holder, copy);
    return copy;
  }
}

export const noCopies = new PartCopies(new Map(), {}, {});
