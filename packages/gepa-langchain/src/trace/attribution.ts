import type { Run } from '@langchain/core/tracers/base';
import { isMessage, isNode } from '../program/node.ts';
import { componentsKey } from '../program/rewrite.ts';
import { splitText } from '../template/pieces.ts';
import { textOf } from './message.ts';
import { sentMessages, sentStrings } from './model-call.ts';

/** What a run of a prompt gave to whichever model came next. */
interface PromptRun {
  readonly run: Run;
  readonly components: readonly string[];
  /** Those that it was not given, such as a conversation for a placeholder. */
  readonly messages: readonly object[];
  readonly value: string | undefined;
}

/** The text of a component that no prompt's run tells of: an agent's system prompt, a tunable, a tool's description. */
export interface LooseText {
  readonly component: string;
  readonly text: string;
  /** What stands for a value in it. */
  readonly variables?: readonly string[];
}

/**
 * Which components' texts took part in a run. A prompt's run and a tool's run say so themselves; a model's run takes
 * over what the prompts say whose messages it was sent, the same objects, or whose text it was sent, word for word.
 * Loose texts took part where they were sent, as a message or part of one or to describe a tool or an output.
 */
export function attribute(
  roots: readonly Run[],
  loose: readonly LooseText[] = [],
): (run: Run) => readonly string[] {
  const runs = [...walkRuns(roots)];
  const prompts = runs.flatMap(readPromptRun);
  const byRun = new Map(
    runs.flatMap((run) => {
      const components = markedComponents(run);
      return components === undefined ? [] : [[run, components] as const];
    }),
  );
  const ofModel = (run: Run) => [...new Set([...componentsSent(run, prompts), ...looseSent(run, loose)])];
  return (run) => byRun.get(run) ?? (run.run_type === 'llm' ? ofModel(run) : []);
}

function looseSent(model: Run, loose: readonly LooseText[]): string[] {
  if (loose.length === 0) return [];
  const strings = [
    ...sentStrings(model),
    ...sentMessages(model).map(({ content }) => textOf(content) ?? stringsIn(content).join('\n')),
    ...stringsIn(model.extra?.invocation_params),
  ];
  return loose.flatMap(({ component, text, variables = [] }) => {
    const literals = splitText(text, variables).flatMap((piece) =>
      'literal' in piece && /\S/.test(piece.literal) ? [piece.literal.trim()] : [],
    );
    const isSent = (string: string) => literals.every((literal) => string.includes(literal));
    return literals.length > 0 && strings.some(isSent) ? [component] : [];
  });
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return isNode(value) ? Object.values(value).flatMap(stringsIn) : [];
}

function* walkRuns(runs: readonly Run[]): Generator<Run> {
  for (const run of runs) {
    yield run;
    yield* walkRuns(run.child_runs);
  }
}

/** What the run of a prompt or of a tool says of itself; the runs inside a tool's carry it as well. */
function markedComponents(run: Run): string[] | undefined {
  const components: unknown = run.extra?.metadata?.[componentsKey];
  const isOwn = run.run_type === 'prompt' || run.run_type === 'tool';
  return isOwn && Array.isArray(components) ? components.map(String) : undefined;
}

function readPromptRun(run: Run): PromptRun[] {
  const components = markedComponents(run);
  if (run.run_type !== 'prompt' || components === undefined) return [];
  const { messages, value } = run.outputs ?? {};
  const given = Object.values(run.inputs).flat();
  return [
    {
      run,
      components,
      messages: (Array.isArray(messages) ? messages : []).filter(
        (message) => isMessage(message) && !given.includes(message),
      ),
      value: typeof value === 'string' ? value : undefined,
    },
  ];
}

function componentsSent(model: Run, prompts: readonly PromptRun[]): string[] {
  const sent = sentMessages(model);
  const source = sourcesByMessage(sent, prompts);
  const found = source.length > 0 ? source : nearest(model, sourcesByValue(model, prompts));
  return [...new Set(found.flatMap((prompt) => prompt.components))];
}

/**
 * The prompts whose messages were sent. A message that several prompts share (a literal of which there is one object)
 * says nothing by itself: there, all of a prompt's messages must have been sent.
 */
function sourcesByMessage(sent: readonly object[], prompts: readonly PromptRun[]): PromptRun[] {
  const isShared = (message: object, prompt: PromptRun) =>
    prompts.some(
      (other) =>
        other.messages.includes(message) && other.components.join('\n') !== prompt.components.join('\n'),
    );
  return prompts.filter(({ messages }, i) => {
    const arrived = messages.filter((message) => sent.includes(message));
    if (arrived.length === 0) return false;
    return arrived.length === messages.length || arrived.some((message) => !isShared(message, prompts[i]!));
  });
}

function sourcesByValue(model: Run, prompts: readonly PromptRun[]): PromptRun[] {
  const contents = [...sentStrings(model), ...sentMessages(model).map(({ content }) => content)];
  return prompts.filter(({ value }) => value !== undefined && contents.includes(value));
}

/** Of prompts that rendered the same text, those that ran beside the model. */
function nearest(model: Run, prompts: readonly PromptRun[]): PromptRun[] {
  const beside = prompts.filter(({ run }) => run.parent_run_id === model.parent_run_id);
  return beside.length > 0 ? beside : [...prompts];
}
