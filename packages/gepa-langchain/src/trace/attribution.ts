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

/** The text of a component in a rollout. */
export interface ComponentText {
  readonly component: string;
  readonly text: string;
  /** The names of the variables in the text. */
  readonly variables?: readonly string[] | undefined;
  /**
   * Whether the text is in a prompt, whose runs name it: so it counts only where a prompt was used without a run, as
   * `formatMessages` and `format` do. Default `false`: an agent's system prompt, a tunable, a tool's description.
   */
  readonly inPrompt?: boolean;
  /** The name of the agent that it is the system prompt of. */
  readonly agent?: string | undefined;
  /** Whether the rollout certainly read the text. */
  readonly wasRead?: boolean | undefined;
}

/**
 * Finds the components whose texts a run used. Runs of prompts and tools name theirs in their metadata. A model's run
 * gets the components of the prompts that created its messages (the same objects) or its exact text. Other texts are
 * attributed to the models they were sent to: within a message, or in the description of a tool or an output. A text that
 * was read and not found so, because the program changed it, is attributed to all models that got no component.
 */
export function attribute(
  roots: readonly Run[],
  texts: readonly ComponentText[] = [],
): (run: Run) => readonly string[] {
  const runs = [...walkRuns(roots)];
  const prompts = runs.flatMap(readPromptRun);
  const marked = new Map(
    runs.flatMap((run) => {
      const components = markedComponents(run);
      return components === undefined ? [] : [[run, components] as const];
    }),
  );
  const models = runs.filter(({ run_type: type }) => type === 'llm');
  const sentIn = sentComponents(models, prompts, texts, enclosingNames(runs));
  const ofModels = new Map(
    models.map((run) => [run, [...new Set([...promptComponents(run, prompts), ...(sentIn.get(run) ?? [])])]]),
  );
  const found = new Set([...ofModels.values()].flat());
  const changed = texts.flatMap(({ component, wasRead }) =>
    wasRead === true && !found.has(component) ? [component] : [],
  );
  return (run) => {
    const components = marked.get(run) ?? ofModels.get(run) ?? [];
    return run.run_type === 'llm' && components.length === 0 ? changed : components;
  };
}

/**
 * The components by model run whose texts were sent without a run of a prompt. A text that was sent exactly like this, as a
 * whole message, is preferred: to other texts within the same message, and to other messages that contain it.
 */
function sentComponents(
  models: readonly Run[],
  prompts: readonly PromptRun[],
  texts: readonly ComponentText[],
  enclosing: (run: Run) => readonly string[],
): Map<Run, readonly string[]> {
  if (texts.length === 0) return new Map();
  const outsidePrompts = texts.filter(({ inPrompt }) => inPrompt !== true);
  const matches = models.flatMap((run) =>
    sentTexts(run, prompts).flatMap(({ sent, hasRun }) =>
      ofNearestAgent(matchesIn(run, sent, hasRun ? outsidePrompts : texts), enclosing(run)),
    ),
  );
  const sentWhole = new Set(matches.flatMap(({ component, exact }) => (exact ? [component] : [])));
  const found = new Map<Run, string[]>();
  for (const { run, component, exact } of matches) {
    if (exact || !sentWhole.has(component)) found.set(run, [...(found.get(run) ?? []), component]);
  }
  return found;
}

/** The names of the runs around a run, from the inside out. */
function enclosingNames(runs: readonly Run[]): (run: Run) => readonly string[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const namesAround = (run: Run): readonly string[] => {
    const parent = byId.get(run.parent_run_id ?? '');
    return parent === undefined ? [] : [parent.name, ...namesAround(parent)];
  };
  return namesAround;
}

/** Of agents with the same system prompt, those whose run is the nearest around the model's. */
function ofNearestAgent<Match extends { readonly text: string; readonly agent: string | undefined }>(
  matches: readonly Match[],
  enclosing: readonly string[],
): readonly Match[] {
  const distance = ({ agent }: Match) => {
    const index = enclosing.indexOf(agent ?? '');
    return index < 0 ? Number.POSITIVE_INFINITY : index;
  };
  return matches.filter((match) =>
    matches.every((other) => other.text !== match.text || distance(match) <= distance(other)),
  );
}

/** What was sent to a model, and whether runs of prompts show which texts of prompts are in it. */
function sentTexts(
  model: Run,
  prompts: readonly PromptRun[],
): { readonly sent: string; readonly hasRun: boolean }[] {
  const created = new Set(prompts.flatMap(({ messages }) => messages));
  const values = new Set<unknown>(prompts.map(({ value }) => value));
  return [
    ...sentStrings(model).map((sent) => ({ sent, hasRun: values.has(sent) })),
    ...sentMessages(model).map((message) => ({
      sent: textOf(message.content) ?? stringsIn(message.content).join('\n'),
      hasRun: created.has(message) || values.has(message.content),
    })),
    ...stringsIn(model.extra?.invocation_params).map((sent) => ({ sent, hasRun: true })),
  ];
}

function matchesIn(run: Run, sent: string, texts: readonly ComponentText[]) {
  const matches = texts.flatMap(({ component, text, variables = [], agent }) => {
    const literals = splitText(text, variables).flatMap((piece) =>
      'literal' in piece && /\S/.test(piece.literal) ? [piece.literal.trim()] : [],
    );
    if (literals.length === 0 || !literals.every((literal) => sent.includes(literal))) return [];
    return [{ run, component, text, agent, exact: sent.trim() === text.trim() }];
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
