import type { Candidate } from 'gepa-core';
import { type Copies, currentBinding, hookPart } from 'gepa-core/load';
import { copyWith } from './copy-with.ts';
import { isMessage, isNode, type MessageNode } from './node.ts';

/** Within a rollout or a compiled program: the copies of parts, and the messages that were sent with other texts. */
export class PartCopies implements Copies {
  readonly objects: ReadonlyMap<object, object>;
  /** The strings among the parts, by name, as the program has them. */
  readonly constants: Readonly<Record<string, string>>;
  readonly #texts: Candidate;
  readonly #messages = new WeakMap<object, object>();

  constructor(
    objects: ReadonlyMap<object, object>,
    constants: Readonly<Record<string, string>>,
    texts: Candidate,
  ) {
    this.objects = objects;
    this.constants = constants;
    this.#texts = texts;
  }

  get isEmpty(): boolean {
    return this.objects.size === 0 && !this.hasConstants;
  }

  get hasConstants(): boolean {
    return Object.keys(this.constants).length > 0;
  }

  get(object: object): object | undefined {
    return this.objects.get(object) ?? this.#messages.get(object);
  }

  /**
   * Replaces constants in messages that are about to be sent to a model. The messages belong to the program, which may
   * send them again: so they are hooked, and not changed.
   */
  readonly replaceIn = (messages: readonly unknown[]): void => {
    if (!this.hasConstants) return;
    for (const message of messages.flat()) {
      if (isMessage(message) && !['ai', 'tool'].includes(message._getType())) this.#replaceInMessage(message);
    }
  };

  #replaceInMessage(message: MessageNode): void {
    if (this.#messages.has(message)) return;
    const content = this.#replaceInContent(message.content);
    if (content === message.content) return;
    hookPart(message, '', ['content', 'lc_kwargs']);
    this.#messages.set(message, copyWith(message, [{ at: ['content'], value: content }]));
  }

  #replaceInContent(content: unknown): unknown {
    if (typeof content === 'string') return this.#replaceInText(content);
    if (!Array.isArray(content)) return content;
    const blocks = content.map((block) => {
      if (!isNode(block) || typeof block.text !== 'string') return block;
      const text = this.#replaceInText(block.text);
      return text === block.text ? block : { ...block, text };
    });
    return blocks.some((block, i) => block !== content[i]) ? blocks : content;
  }

  /** Of constants that begin at the same place the longest is replaced, since it may contain another. */
  #replaceInText(sent: string): string {
    const found = Object.entries(this.constants)
      .filter(([, constant]) => sent.includes(constant))
      .sort(([, a], [, b]) => b.length - a.length);
    if (found.length === 0) return sent;
    const pattern = new RegExp(found.map(([, constant]) => escaped(constant)).join('|'), 'g');
    return sent.replace(pattern, (constant) => {
      const [name] = found.find(([, other]) => other === constant)!;
      currentBinding()?.reads?.add(name);
      return this.#texts[name] ?? constant;
    });
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
