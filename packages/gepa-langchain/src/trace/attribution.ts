import type { Run } from '@langchain/core/tracers/base';
import { componentsKey } from '../program/mark-node.ts';
import { isMessage, isNode } from '../program/node.ts';
import { splitText } from '../program/template/pieces.ts';
import { textOf } from './message.ts';
import { sentMessages, sentStrings } from './model-call.ts';

/** A run of a prompt, with its output. */
interface PromptRun {
  readonly run: Run;
  readonly components: readonly string[];
  /** The messages it created; not those passed in, such as a conversation for a placeholder. */
  readonly messages: readonly object[];
  readonly value: string | undefined;
}

/** A component's text that no run of a prompt names: an agent's system prompt, a tunable, a tool's description. */
export interface UntracedText {
  readonly component: string;
  readonly text: string;
  /** The names of the variables in the text. */
  readonly variables?: readonly string[];
}

/**
 * Finds the components whose texts a run used. Runs of prompts and tools name theirs in their metadata. A model's run
 * gets the components of the prompts that created its messages (the same objects) or its exact text. An untraced text
 * is attributed to the models it was sent to: within a message, or in the description of a tool or an output.
 */
export function attribute(
  roots: readonly Run[],
  untraced: readonly UntracedText[] = [],
): (run: Run) => readonly string[] {
  const runs = [...walkRuns(roots)];
  const prompts = runs.flatMap(readPromptRun);
  const marked = new Map(
    runs.flatMap((run) => {
      const components = markedComponents(run);
      return components === undefined ? [] : [[run, components] as const];
    }),
  );
  const untracedIn = untracedComponents(
    runs.filter(({ run_type: type }) => type === 'llm'),
    untraced,
  );
  const ofModel = (run: Run) => [
    ...new Set([...promptComponents(run, prompts), ...(untracedIn.get(run) ?? [])]),
  ];
  return (run) => marked.get(run) ?? (run.run_type === 'llm' ? ofModel(run) : []);
}

/**
 * The untraced components by model run. A text that was sent exactly like this, as a whole message, is preferred: to
 * other texts within the same message, and to other messages that contain it.
 */
function untracedComponents(
  models: readonly Run[],
  untraced: readonly UntracedText[],
): Map<Run, readonly string[]> {
  if (untraced.length === 0) return new Map();
  const matches = models.flatMap((run) => sentTexts(run).flatMap((sent) => matchesIn(run, sent, untraced)));
  const sentWhole = new Set(matches.flatMap(({ component, exact }) => (exact ? [component] : [])));
  const found = new Map<Run, string[]>();
  for (const { run, component, exact } of matches) {
    if (exact || !sentWhole.has(component)) found.set(run, [...(found.get(run) ?? []), component]);
  }
  return found;
}

function sentTexts(model: Run): string[] {
  return [
    ...sentStrings(model),
    ...sentMessages(model).map(({ content }) => textOf(content) ?? stringsIn(content).join('\n')),
    ...stringsIn(model.extra?.invocation_params),
  ];
}

function matchesIn(run: Run, sent: string, untraced: readonly UntracedText[]) {
  const matches = untraced.flatMap(({ component, text, variables = [] }) => {
    const literals = splitText(text, variables).flatMap((piece) =>
      'literal' in piece && /\S/.test(piece.literal) ? [piece.literal.trim()] : [],
    );
    if (literals.length === 0 || !literals.every((literal) => sent.includes(literal))) return [];
    return [{ run, component, text, exact: sent.trim() === text.trim() }];
  });
  if (matches.some(({ exact }) => exact)) return matches.filter(({ exact }) => exact);
  // A text that is part of another one that was sent does not count.
  return matches.filter(
    ({ text }) => !matches.some((other) => other.text !== text && other.text.includes(text)),
  );
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return isNode(value) ? Object.values(value).flatMap(stringsIn) : [];
}

export function* walkRuns(runs: readonly Run[]): Generator<Run> {
  for (const run of runs) {
    yield run;
    yield* walkRuns(run.child_runs);
  }
}

/** The components in the metadata of a prompt's or a tool's run. Runs inside a tool inherit its metadata. */
function markedComponents(run: Run): string[] | undefined {
  const components: unknown = run.extra?.metadata?.[componentsKey];
  const isMarked = run.run_type === 'prompt' || run.run_type === 'tool';
  return isMarked && Array.isArray(components) ? components.map(String) : undefined;
}

function readPromptRun(run: Run): PromptRun[] {
  const components = markedComponents(run);
  if (run.run_type !== 'prompt' || components === undefined) return [];
  const { messages, value } = run.outputs ?? {};
  const inputs = Object.values(run.inputs).flat();
  return [
    {
      run,
      components,
      messages: (Array.isArray(messages) ? messages : []).filter(
        (message) => isMessage(message) && !inputs.includes(message),
      ),
      value: typeof value === 'string' ? value : undefined,
    },
  ];
}

function promptComponents(model: Run, prompts: readonly PromptRun[]): string[] {
  const byMessage = promptsByMessage(sentMessages(model), prompts);
  const found = byMessage.length > 0 ? byMessage : nearest(model, promptsByValue(model, prompts));
  return [...new Set(found.flatMap((prompt) => prompt.components))];
}

/**
 * The prompts whose messages were sent. Prompts can share a message object (of a literal message there is only one). A
 * shared message identifies a prompt only together with all of its other messages.
 */
function promptsByMessage(sent: readonly object[], prompts: readonly PromptRun[]): PromptRun[] {
  const isShared = (message: object, prompt: PromptRun) =>
    prompts.some(
      (other) =>
        other.messages.includes(message) && other.components.join('\n') !== prompt.components.join('\n'),
    );
  return prompts.filter((prompt) => {
    const { messages } = prompt;
    const sentHere = messages.filter((message) => sent.includes(message));
    if (sentHere.length === 0) return false;
    return sentHere.length === messages.length || sentHere.some((message) => !isShared(message, prompt));
  });
}

function promptsByValue(model: Run, prompts: readonly PromptRun[]): PromptRun[] {
  const contents = [...sentStrings(model), ...sentMessages(model).map(({ content }) => content)];
  return prompts.filter(({ value }) => value !== undefined && contents.includes(value));
}

/** Of prompts with the same output, those with the same parent run as the model. */
function nearest(model: Run, prompts: readonly PromptRun[]): PromptRun[] {
  const siblings = prompts.filter(({ run }) => run.parent_run_id === model.parent_run_id);
  return siblings.length > 0 ? siblings : [...prompts];
}
