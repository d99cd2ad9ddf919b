import { modelCallUsage, type Usage } from 'gepa-core';
import { type FieldSchema, partsOf } from './field-schema.ts';
import { toPlain } from './plain.ts';

/** A tool as a model is told of it. */
export interface OfferedTool {
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
}

/** What a model is sent, as far as it is read here. */
export interface CallOptions {
  readonly prompt: readonly PromptMessage[];
  readonly tools?: readonly OfferedTool[];
  readonly maxOutputTokens?: number;
  readonly responseFormat?: unknown;
  readonly providerOptions?: unknown;
  /** From version 4 on. */
  readonly reasoning?: string;
  /** Only in version 1 of the AI SDK. */
  readonly mode?: unknown;
}

interface PromptMessage {
  readonly role: string;
  readonly content: string | readonly PromptPart[];
}

export interface PromptPart {
  readonly type: string;
  readonly text?: string;
  readonly toolName?: string;
  readonly providerExecuted?: boolean;
  readonly input?: unknown;
  readonly output?: { readonly type: string; readonly value?: unknown; readonly reason?: string };
}

/** What a call took: whole numbers of the AI SDK's version 2, parts and wholes of later ones. */
interface AnswerUsage {
  readonly inputTokens?:
    | number
    | { readonly total?: number; readonly cacheRead?: number; readonly cacheWrite?: number };
  readonly outputTokens?: number | { readonly total?: number };
  readonly cachedInputTokens?: number;
}

type ProviderMetadata = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A piece of a model's answer. */
export interface AnswerPart {
  readonly type: string;
  readonly delta?: string;
  readonly toolName?: string;
  readonly input?: unknown;
  readonly finishReason?: string | { readonly unified?: string };
  readonly usage?: AnswerUsage;
  readonly providerMetadata?: ProviderMetadata;
  readonly error?: unknown;
}

/** What a model gives back, whichever way it is called. Without a stream, it is the whole answer. */
export interface CallResult extends Pick<AnswerPart, 'finishReason' | 'usage' | 'providerMetadata'> {
  readonly stream?: ReadableStream<AnswerPart>;
}

export type ModelCall = (options: CallOptions) => Promise<CallResult>;

/** What a model is sent, for people: the tools with their texts, then the messages. */
export function plainPrompt({ prompt, tools = [] }: CallOptions): unknown[] {
  const offered = tools.map(({ name, description, inputSchema }) => {
    const fields = plainFields(inputSchema);
    return {
      name,
      ...(description === undefined ? {} : { description }),
      ...(fields === undefined ? {} : { fields }),
    };
  });
  return [
    ...(offered.length === 0 ? [] : [{ role: 'tools', content: offered }]),
    ...prompt.map(plainMessage),
  ];
}

/** Names and descriptions of a schema's fields. */
function plainFields(schema: unknown): Record<string, unknown> | undefined {
  const { properties = {} } = (schema ?? {}) as FieldSchema;
  const fields = Object.entries(properties).map(([name, field]) => {
    const inner = plainFields(field);
    const told = field.description ?? field.type ?? 'value';
    return [name, inner === undefined ? told : { description: told, fields: inner }] as const;
  });
  const inParts = partsOf((schema ?? {}) as FieldSchema).flatMap((part) =>
    Object.entries(plainFields(part) ?? {}),
  );
  const all = [...inParts, ...fields];
  return all.length === 0 ? undefined : Object.fromEntries(all);
}

function plainMessage({ role, content }: PromptMessage): unknown {
  if (typeof content === 'string') return { role, content };
  const calls = content.filter(({ type }) => type === 'tool-call');
  const others = content.filter(({ type }) => type !== 'tool-call').map(plainPart);
  return {
    role,
    content: others.every((part) => typeof part === 'string') ? others.join('') : others,
    ...(calls.length === 0
      ? {}
      : { toolCalls: calls.map(({ toolName, input }) => plainCall(toolName, input)) }),
  };
}

function plainPart(part: PromptPart): unknown {
  if (part.type === 'text') return part.text ?? '';
  if (part.type === 'reasoning') return { reasoning: part.text };
  if (part.type === 'tool-result') return { tool: part.toolName, ...plainResult(part.output) };
  return toPlain(part);
}

function plainResult(output: PromptPart['output']): Record<string, unknown> {
  const value = toPlain(output?.value ?? output?.reason);
  return output?.type.startsWith('error') ? { error: value } : { result: value };
}

function plainCall(name: string | undefined, input: unknown): { name: string; args: unknown } {
  return { name: name ?? '', args: typeof input === 'string' ? parsed(input) : toPlain(input) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Puts a model's answer together from its pieces. */
export class AnswerReader {
  readonly #model: string;
  #text = '';
  #reasoning = '';
  readonly #toolCalls: { name: string; args: unknown }[] = [];
  #usage: AnswerUsage | undefined;
  #metadata: ProviderMetadata | undefined;
  #finishReason: string | undefined;
  error: unknown;

  constructor(model: string) {
    this.#model = model;
  }

  read(part: AnswerPart): void {
    switch (part.type) {
      case 'text-delta':
        this.#text += part.delta ?? '';
        break;
      case 'reasoning-delta':
        this.#reasoning += part.delta ?? '';
        break;
      case 'tool-call':
        this.#toolCalls.push(plainCall(part.toolName, part.input));
        break;
      case 'finish':
        this.#finishReason =
          typeof part.finishReason === 'string' ? part.finishReason : part.finishReason?.unified;
        this.#usage = part.usage;
        this.#metadata = part.providerMetadata;
        break;
      case 'error':
        this.error = part.error;
        break;
    }
  }

  /** What the call took; nothing that is known, where it failed and did not tell. */
  get usage(): Usage | undefined {
    const usage = modelCallUsage({
      model: this.#model,
      ...inputOf(this.#usage, this.#metadata),
      outputTokens: total(this.#usage?.outputTokens),
    });
    return this.error !== undefined && usage.inputTokens + usage.outputTokens === 0 ? undefined : usage;
  }

  get answer(): { output: unknown; finishReason?: string; usage?: Usage } {
    const { usage } = this;
    const parts = {
      ...(this.#reasoning === '' ? {} : { reasoning: this.#reasoning }),
      ...(this.#toolCalls.length === 0 ? {} : { toolCalls: this.#toolCalls }),
    };
    const isTextOnly = Object.keys(parts).length === 0;
    return {
      output: isTextOnly ? this.#text : { content: this.#text, ...parts },
      ...(this.#finishReason === undefined ? {} : { finishReason: this.#finishReason }),
      ...(usage === undefined ? {} : { usage }),
    };
  }
}

interface InputTokens {
  readonly inputTokens: number | undefined;
  readonly cachedInputTokens: number | undefined;
  readonly cacheWriteTokens: number | undefined;
}

function inputOf(usage: AnswerUsage = {}, metadata: ProviderMetadata = {}): InputTokens {
  const { inputTokens, cachedInputTokens } = usage;
  if (typeof inputTokens === 'object') {
    const { total, cacheRead, cacheWrite } = inputTokens;
    return { inputTokens: total, cachedInputTokens: cacheRead, cacheWriteTokens: cacheWrite };
  }
  // In version 2 those of Anthropic's models stand beside the others, and the written ones in a place of their own.
  const { anthropic, bedrock } = metadata;
  const written = anthropic?.cacheCreationInputTokens ?? usageIn(bedrock)?.cacheWriteInputTokens;
  const cacheWriteTokens = typeof written === 'number' ? written : undefined;
  const isApart = anthropic !== undefined || bedrock !== undefined;
  return {
    inputTokens: isApart
      ? (inputTokens ?? 0) + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0)
      : inputTokens,
    cachedInputTokens,
    cacheWriteTokens,
  };
}

function usageIn(
  metadata: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> | undefined {
  const { usage } = metadata ?? {};
  return typeof usage === 'object' && usage !== null ? (usage as Record<string, unknown>) : undefined;
}

function total(tokens: number | { readonly total?: number } | undefined): number | undefined {
  return typeof tokens === 'object' ? tokens.total : tokens;
}
