import type { Candidate } from 'gepa-core';
import { type Copies, currentBinding } from 'gepa-core/load';
import { escapeRegExp } from '../util/escape-reg-exp.ts';
import { copyWith } from './copy-with.ts';
import { MessageHooks } from './message-hooks.ts';
import { isMessage, isNode, type Node } from './node.ts';

/** The copies of parts within a rollout or a compiled program, and the messages that were sent with other texts. */
export class PartCopies implements Copies {
  readonly objects: ReadonlyMap<object, object>;
  /** The strings among the parts, by name, as the program has them. */
  readonly constants: Readonly<Record<string, string>>;
  readonly #texts: Candidate;
  readonly #hooks: MessageHooks;
  /** The copies of messages, and of parts of their content. */
  readonly #sent = new WeakMap<object, object>();

  constructor(
    objects: ReadonlyMap<object, object>,
    constants: Readonly<Record<string, string>>,
    texts: Candidate,
    hooks = new MessageHooks(),
  ) {
    this.objects = objects;
    this.constants = constants;
    this.#texts = texts;
    this.#hooks = hooks;
  }

  get isEmpty(): boolean {
    return this.objects.size === 0 && !this.hasConstants;
  }

  get hasConstants(): boolean {
    return Object.keys(this.constants).length > 0;
  }

  get(object: object): object | undefined {
    return this.objects.get(object) ?? this.#sent.get(object);
  }

  /**
   * Replaces constants in messages before they are sent to a model. The messages belong to the program, which may send them
   * again, so they get hooks and are not changed.
   */
  readonly replaceIn = (messages: readonly unknown[]): void => {
    if (!this.hasConstants) return;
    for (const message of messages.flat()) {
      if (isMessage(message) && !['ai', 'tool'].includes(message._getType())) this.#replaceInMessage(message);
    }
  };

  /** LangChain shows handlers copies of messages with images, but these have the same parts. */
  #replaceInMessage(message: Node): void {
    const { content } = message;
    if (typeof content === 'string') this.#replaceIn(message, 'content', content);
    else if (Array.isArray(content)) {
      for (const part of content) {
        if (isNode(part) && typeof part.text === 'string') this.#replaceIn(part, 'text', part.text);
      }
    }
  }

  /** Of constants that begin at the same place, the longest is replaced, since it may contain another one. */
  #replaceIn(holder: Node, field: 'content' | 'text', sent: string): void {
    if (this.#sent.has(holder)) return;
    const found = Object.entries(this.constants)
      .filter(([, constant]) => sent.includes(constant))
      .sort(([, a], [, b]) => b.length - a.length);
    // A constant counts as read only when it is replaced.
    if (found.length === 0 || !this.#hooks.hook(holder, field)) return;
    const pattern = new RegExp(found.map(([, constant]) => escapeRegExp(constant)).join('|'), 'g');
    const value = sent.replace(pattern, (constant) => {
      const [name] = found.find(([, other]) => other === constant)!;
      currentBinding()?.reads?.add(name);
      return this.#texts[name] ?? constant;
    });
    this.#sent.set(holder, copyWith(holder, [{ at: [field], value }]));
  }
}
