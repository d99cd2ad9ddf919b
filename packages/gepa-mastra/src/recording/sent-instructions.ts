import type { Agent, AgentInstructions } from '@mastra/core/agent';
import type { Candidate } from 'gepa-core';
import { type AgentComponents, instructionComponents, toolComponentNames } from '../program/discovery.ts';
import { textsOf } from '../program/instructions.ts';
import { mapMaybePromise } from '../program/maybe-promise.ts';
import type { CallOptions } from '../trace/model-call.ts';
import type { Recorder } from '../trace/recorder.ts';

/**
 * Finds the components with instructions that do not reach a model in a rollout: a call with `instructions` of its own, or a
 * processor, replaces them.
 */
export class SentInstructions {
  /** By component, what the agent's own instructions contain. */
  readonly #texts = new Map<string, Set<string>>();
  /** The components of agents that were called with other instructions. */
  readonly #replaced = new Set<string>();
  readonly #names = new WeakMap<Agent, readonly string[]>();
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Notes the instructions of the copy of an agent whenever it reads them. */
  observe(copy: Agent, { instructions: names, blocks }: AgentComponents): void {
    this.#names.set(copy, [...names.values()]);
    if (blocks !== undefined) return;
    const note = (own: AgentInstructions | undefined) => {
      const texts = textsOf(own);
      for (const [position, name] of names) {
        const text = texts[position];
        if (text !== undefined) this.#texts.set(name, (this.#texts.get(name) ?? new Set()).add(text));
      }
    };
    const { getInstructions, getDefaultOptions } = copy;
    Object.assign(copy, {
      getInstructions: (args: never) =>
        mapMaybePromise(getInstructions.call(copy, args), (own) => {
          note(own);
          return own;
        }),
      getDefaultOptions: (args: never) =>
        mapMaybePromise(getDefaultOptions.call(copy, args), (options) => {
          if (options.instructions) note(options.instructions);
          return options;
        }),
    });
  }

  /** Notes whether a run of the copy has instructions of its caller. */
  run(copy: Agent, options: unknown): void {
    if (!(options as { readonly instructions?: unknown } | undefined)?.instructions) return;
    for (const name of this.#names.get(copy) ?? []) this.#replaced.add(name);
  }

  /** The components whose text is in a model call, as far as that is known. */
  sentIn({ prompt, tools = [] }: CallOptions, components: AgentComponents, candidate: Candidate): string[] {
    const sent = prompt.flatMap(({ content }) => textsIn(content)).join('\n');
    const offered = tools.flatMap(({ name }) => {
      const tool = components.tools.get(name);
      return tool === undefined ? [] : toolComponentNames(tool);
    });
    const instructions = instructionComponents(components).filter((name) => {
      const texts = this.#texts.get(name);
      const isSent =
        texts === undefined ? !this.#replaced.has(name) : [...texts].some((text) => isPartly(text, sent));
      if (!isSent) this.#recorder.unsent.add(name);
      return isSent;
    });
    return [...instructions, ...offered, ...listedIn(sent, components, candidate)];
  }
}

/**
 * The descriptions in the prompt of a network's router, which has no tools. It lists agents, workflows and tools by name and
 * description.
 */
function listedIn(sent: string, { tools }: AgentComponents, candidate: Candidate): string[] {
  return [...tools].flatMap(([key, { description = '' }]) => {
    const text = candidate[description];
    const name = key.replace(/^(agent|workflow)-/, '');
    return text !== undefined && sent.includes(`**${name}**: ${text}`) ? [description] : [];
  });
}

function textsIn(content: CallOptions['prompt'][number]['content']): string[] {
  return typeof content === 'string' ? [content] : content.flatMap(({ text }) => text ?? []);
}

/** Whether a part of the text was sent: a processor may fill in values, add to it, or change its case. */
function isPartly(text: string, sent: string): boolean {
  const parts = text
    .split(/\{\{.*?\}\}|[\n{}<>]+|(?<=[.!?:])\s/)
    .map((part) => part.trim())
    .filter((part) => part.length > 2);
  const long = parts.filter((part) => part.length >= 8);
  const compared = [long, parts, [text]].find(({ length }) => length > 0)!;
  return compared.some((part) => sent.toLowerCase().includes(part.toLowerCase()));
}
