import type { AnyRollout } from '../../adapter/any.ts';
import { type Step, walkSteps } from '../../adapter/trace.ts';
import { describeSchema } from '../../text/describe-schema.ts';
import { type Plain, toPlain } from '../../text/plain.ts';
import { shorten } from '../../text/shorten.ts';
import { type Input, type KnownText, marked } from '../records/condense-records.ts';
import { withoutNoise } from '../records/content-noise.ts';
import { callSteps, isSteps } from '../records/records.ts';

/** Different calls that use the texts; further ones are not described. */
const MAX_CALLS = 4;
const MAX_TOOLS = 30;
const MAX_CHARACTERS = 6_000;
const MAX_MESSAGE_CHARACTERS = 200;
const MAX_MESSAGES = 12;

/**
 * What the model calls with the components' texts have beside them: the model and its output limit, the tools it may
 * call, the schema of its answer, and how the input is attached to the text. `undefined` if the traces do not say.
 */
export function renderCalls({
  names,
  texts,
  inputs,
  rollouts,
}: {
  /** The components to rewrite. */
  readonly names: readonly string[];
  readonly texts: readonly KnownText[];
  /** The marks for the texts of a rollout's input. */
  readonly inputs: (rollout: AnyRollout) => readonly Input[];
  readonly rollouts: readonly AnyRollout[];
}): string | undefined {
  const calls = new Map<string, string>();
  for (const rollout of rollouts) {
    if (!isSteps(rollout.trace)) continue;
    for (const step of callSteps(rollout.trace, names)) {
      if (step.kind !== 'model' || calls.size >= MAX_CALLS) continue;
      const used = names.filter((name) => step.components?.includes(name)).join(', ');
      // The further calls of an agent have longer conversations.
      if (calls.has(used)) continue;
      const known = [...inputs(rollout), ...answersBefore(step, rollout.trace)];
      const lines = describeCall(step, (text) => marked(text, texts, known, true));
      const isOne = names.length === 1;
      if (lines.length > 0)
        calls.set(used, isOne ? lines.join('\n') : `The call with ${used}:\n${lines.join('\n')}`);
    }
  }
  return calls.size === 0 ? undefined : shorten([...calls.values()].join('\n\n'), MAX_CHARACTERS);
}

/** Marks for the answers of earlier model calls, which differ from run to run. */
function answersBefore(call: Step, trace: readonly Step[]): Input[] {
  const models = [...walkSteps(trace)].filter(({ kind }) => kind === 'model');
  return models
    .slice(0, Math.max(0, models.indexOf(call)))
    .flatMap(({ output }) =>
      typeof output === 'string' && output.trim() !== ''
        ? [{ text: output.trim(), mark: '[an earlier answer]' }]
        : [],
    );
}

function describeCall(step: Step, mark: (text: string) => string): string[] {
  const { model, maxOutputTokens, tools = [], responseFormat } = step;
  const name = model ?? Object.keys(step.usage?.byModel ?? {})[0] ?? step.name;
  const limit =
    maxOutputTokens === undefined ? '' : `at most ${maxOutputTokens.toLocaleString('en-US')} output tokens`;
  const about = [name, limit].filter(Boolean).join(', ');
  const input = withoutNoise(toPlain(step.input, { shortensBase64: true }) ?? null);
  const messages = layoutOf(input ?? null, mark);
  return [
    ...(about === '' ? [] : [`- Model: ${about}`]),
    ...(tools.length === 0 ? [] : [`- Tools it may call:`, ...describeTools(tools, mark)]),
    ...(responseFormat === undefined
      ? []
      : [`- Its answer must have this form: ${describeSchema(schemaOf(responseFormat))}`]),
    ...(messages.length === 0 ? [] : [`- It receives ${messages.join(', then ')}`]),
  ];
}

/** The schema in the forms that providers take: `{ type: 'json_schema', json_schema: { schema } }`, `{ type: 'json_object' }`. */
function schemaOf(format: unknown): unknown {
  if (typeof format !== 'object' || format === null) return format;
  const {
    type,
    json_schema: named,
    schema = (named as { schema?: unknown } | undefined)?.schema,
  } = format as {
    readonly type?: unknown;
    readonly schema?: unknown;
    readonly json_schema?: unknown;
  };
  return schema ?? (type === 'json_object' || type === 'json' ? 'JSON' : format);
}

function describeTools(tools: NonNullable<Step['tools']>, mark: (text: string) => string): string[] {
  const lines = tools.slice(0, MAX_TOOLS).map(({ name, description, arguments: schema }) => {
    const form = schema === undefined ? '' : `(${describeSchema(schema)})`;
    return `  - ${name}${form}${description === undefined ? '' : `: ${oneLine(mark(description), 300)}`}`;
  });
  return tools.length <= MAX_TOOLS ? lines : [...lines, `  - [… ${tools.length - MAX_TOOLS} more …]`];
}

/** The text of a part of a message. */
function textOf(part: Plain): string {
  if (typeof part === 'string') return part;
  const isText = typeof part === 'object' && part !== null && !isList(part) && typeof part.text === 'string';
  return isText ? (part.text as string) : JSON.stringify(part);
}

/** The messages in short, with marks for texts and inputs. */
function layoutOf(input: Plain, mark: (text: string) => string): string[] {
  const quoted = (text: string) => {
    const shown = shorten(mark(text), MAX_MESSAGE_CHARACTERS);
    return /^\[[^[\]\n]*\]$/.test(shown) ? shown : JSON.stringify(shown);
  };
  if (typeof input === 'string') return [quoted(input)];
  if (!isList(input)) return [];
  const messages = input.flatMap((message) => {
    if (typeof message !== 'object' || message === null || isList(message)) return [];
    const { role, content = '' } = message;
    if (typeof role !== 'string') return [];
    const parts = isList(content) ? content : [content];
    const text = parts.map(textOf).join('\n');
    return [`${role}: ${quoted(text)}`];
  });
  return messages.length > MAX_MESSAGES
    ? [...messages.slice(0, MAX_MESSAGES - 1), `${messages.length - MAX_MESSAGES + 1} more messages`]
    : messages;
}

function oneLine(text: string, limit: number): string {
  return shorten(text.slice(0, 10_000).replaceAll(/\s+/g, ' ').trim(), limit);
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
