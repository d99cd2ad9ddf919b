import type { ReflectiveRecord, Rollout } from '../adapter/adapter.ts';
import { type Step, stepsOf, usageOfSteps, walkSteps } from '../adapter/trace.ts';
import { isCutOff } from '../language-model.ts';

/**
 * What the reflection model is shown of each rollout when an adapter has nothing of its own to show: the input, the
 * calls the component's text took part in with what came after them, the output, the tokens all of it took, and the
 * metric's word. An expected value is left out unless the feedback tells it. A trace that is not made of steps is shown as it is.
 */
export function defaultRecords(request: {
  readonly component: string;
  readonly rollouts: readonly Rollout<unknown, unknown, unknown>[];
}): ReflectiveRecord[] {
  return request.rollouts.map((rollout) => defaultRecord(request.component, rollout));
}

function defaultRecord(component: string, rollout: Rollout<unknown, unknown, unknown>): ReflectiveRecord {
  const { trace, output, score, objectives, error } = rollout;
  return present({
    Input: inputOf(rollout.example),
    ...(isSteps(trace) ? callHeadings(trace, component, output) : { Trace: trace }),
    'Final output': output,
    Tokens: isSteps(trace) ? tokensOf(trace) : undefined,
    Score: score,
    Objectives: objectives,
    Feedback: feedbackFor(component, rollout),
    Error: error,
  });
}

function inputOf(example: unknown): unknown {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return example;
  if ('input' in example) return example.input;
  if (!('expected' in example)) return example;
  const { expected: _, ...shown } = example;
  return shown;
}

function feedbackFor(component: string, rollout: Rollout<unknown, unknown, unknown>): string | undefined {
  const { componentFeedback, feedback } = rollout;
  return componentFeedback !== undefined && Object.hasOwn(componentFeedback, component)
    ? componentFeedback[component]
    : feedback;
}

function isSteps(trace: unknown): trace is readonly Step[] {
  const isStep = (step: Partial<Step> | null | undefined) =>
    typeof step?.kind === 'string' && typeof step.name === 'string';
  return Array.isArray(trace) && trace.every(isStep);
}

/** What all model calls of a rollout took, where that is known. */
function tokensOf(trace: readonly Step[]): string | undefined {
  const { modelCalls, inputTokens, outputTokens } = usageOfSteps(trace);
  if (inputTokens + outputTokens === 0) return undefined;
  return `${inputTokens} sent and ${outputTokens} written in ${modelCalls} model ${modelCalls === 1 ? 'call' : 'calls'}`;
}

/** One call stands under headings of its own; several are a list. A branch that was not taken has none. */
function callHeadings(trace: readonly Step[], component: string, output: unknown): ReflectiveRecord {
  const calls = describeCalls(trace, component, output);
  const isElsewhere = calls.length === 0 && [...walkSteps(trace)].some((step) => step.components?.length);
  if (isElsewhere) return { Calls: '[none was seen to hold this text]' };
  return calls.length <= 1 ? (calls[0] ?? {}) : { Calls: calls };
}

function describeCalls(trace: readonly Step[], component: string, output: unknown): ReflectiveRecord[] {
  const steps = callSteps(trace, component);
  const calls: { readonly step: Step; readonly afterwards: Step[] }[] = [];
  for (const step of outermost(trace, new Set(steps))) {
    if (steps.includes(step)) calls.push({ step, afterwards: [] });
    else calls.at(-1)?.afterwards.push(step);
  }
  return calls.map(({ step, afterwards }, index) =>
    present({
      ...describeCall(step, calls[index - 1]?.step),
      Afterwards: inShort(afterwards, output),
    }),
  );
}

/**
 * The steps in which the text did its work: the model steps it took part in; where there are none, whatever steps it
 * took part in, but none inside another.
 */
function callSteps(trace: readonly Step[], component: string): Step[] {
  const steps = stepsOf(trace, component);
  const models = steps.filter((step) => step.kind === 'model');
  if (models.length > 0) return models;
  const inside = new Set(steps.flatMap((step) => [...walkSteps(step.children ?? [])]));
  return steps.filter((step) => !inside.has(step));
}

/** The steps in order, each whole, except that those around a call are taken apart. */
function* outermost(steps: readonly Step[], calls: ReadonlySet<Step>): Generator<Step> {
  for (const step of steps) {
    const children = step.children ?? [];
    const isAround = !calls.has(step) && [...walkSteps(children)].some((inner) => calls.has(inner));
    if (isAround) yield* outermost(children, calls);
    else yield step;
  }
}

function describeCall(step: Step, previous: Step | undefined): ReflectiveRecord {
  const ending = {
    Error: step.error,
    'Stopped early': isCutOff(step.finishReason) ? step.finishReason : undefined,
  };
  switch (step.kind) {
    case 'model':
      return { 'What the model saw': sinceLast(step.input, previous?.input), Answer: step.output, ...ending };
    case 'prompt':
      return { 'What the model saw': step.output, ...ending };
    default:
      return {
        Step: step.name,
        'What it was given': step.input,
        'What it did': inShort(step.children ?? [], step.output),
        'What it gave': step.output,
        ...ending,
      };
  }
}

/** In a conversation each call repeats the one before; only what is new is shown. */
function sinceLast(input: unknown, previous: unknown): unknown {
  if (!Array.isArray(input) || !Array.isArray(previous) || previous.length === 0) return input;
  const isContinued =
    input.length > previous.length && previous.every((message, index) => isSame(message, input[index]));
  return isContinued ? ['[the same as in the call before, then:]', ...input.slice(previous.length)] : input;
}

/** Names and outputs, of tools the arguments too, without rendered prompts and without steps that only pass on the output shown elsewhere. */
function inShort(steps: readonly Step[], shownOutput: unknown): ReflectiveRecord[] | undefined {
  const told = steps.filter(
    (step) => step.error !== undefined || (step.kind !== 'prompt' && !isSame(step.output, shownOutput)),
  );
  if (told.length === 0) return undefined;
  return told.map((step) =>
    present({
      Step: step.name,
      Arguments: step.kind === 'tool' ? step.input : undefined,
      Output: step.output,
      Error: step.error,
    }),
  );
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  try {
    return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b);
  } catch {
    return false;
  }
}

function present(record: ReflectiveRecord): ReflectiveRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
