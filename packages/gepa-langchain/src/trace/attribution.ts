import type { Run } from '@langchain/core/tracers/base';
import { isMessage } from '../program/node-kind.ts';
import { componentsKey } from '../program/rewrite.ts';
import { sentMessages, sentStrings } from './model-call.ts';

/** What a run of a prompt gave to whichever model came next. */
interface PromptRun {
  readonly run: Run;
  readonly components: readonly string[];
  readonly messages: readonly object[];
  readonly value: string | undefined;
}

/**
 * Which components' texts took part in a run. A prompt's run says so itself; a model's run takes over what the prompts
 * say whose messages it was sent, the same objects, or whose text it was sent, word for word.
 */
export function attribute(roots: readonly Run[]): (run: Run) => readonly string[] {
  const prompts = [...walkRuns(roots)].flatMap(readPromptRun);
  const byRun = new Map(prompts.map((prompt) => [prompt.run, prompt.components]));
  return (run) => byRun.get(run) ?? (run.run_type === 'llm' ? componentsSent(run, prompts) : []);
}

function* walkRuns(runs: readonly Run[]): Generator<Run> {
  for (const run of runs) {
    yield run;
    yield* walkRuns(run.child_runs);
  }
}

function readPromptRun(run: Run): PromptRun[] {
  const components: unknown = run.extra?.metadata?.[componentsKey];
  if (run.run_type !== 'prompt' || !Array.isArray(components)) return [];
  const { messages, value } = run.outputs ?? {};
  return [
    {
      run,
      components: components.map(String),
      messages: (Array.isArray(messages) ? messages : []).filter(isMessage),
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
