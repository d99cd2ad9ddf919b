import type { ReflectiveRecord, Rollout } from '../adapter/adapter.ts';
import { type Step, stepsOf, usageOfSteps, walkSteps } from '../adapter/trace.ts';
import { isCutOff } from '../language-model.ts';
import { inputOf } from './example-parts.ts';

/**
 * The records for adapters without `reflectiveRecords`. Each describes a rollout to the reflection model: its input, the
 * calls that used the component's text with the steps after them, output, tokens, score and feedback. The expected
 * value of the example is left out. A trace that does not consist of steps is included unchanged.
 */
export function defaultRecords(request: {
  readonly component: string;
  readonly rollouts: readonly Rollout<unknown, unknown, unknown>[];
}): ReflectiveRecord[] {
  return request.rollouts.map((rollout) => defaultRecord(request.component, rollout));
}

function defaultRecord(component: string, rollout: Rollout<unknown, unknown, unknown>): ReflectiveRecord {
  const { trace, output, score, objectives, error } = rollout;
  return withoutUndefined({
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

/** The tokens of all model calls of a rollout, if known. */
function tokensOf(trace: readonly Step[]): string | undefined {
  const { modelCalls, inputTokens, outputTokens } = usageOfSteps(trace);
  if (inputTokens + outputTokens === 0) return undefined;
  return `${inputTokens} sent and ${outputTokens} written in ${modelCalls} model ${modelCalls === 1 ? 'call' : 'calls'}`;
}

/** The headings for the calls: those of the call itself if there is only one, otherwise a list. */
function callHeadings(trace: readonly Step[], component: string, output: unknown): ReflectiveRecord {
  const calls = describeCalls(trace, component, output);
  // The component was not used in this rollout, for example because its branch was not taken.
  const isUnused = calls.length === 0 && [...walkSteps(trace)].some((step) => step.components?.length);
  if (isUnused) return { Calls: '[none was seen to hold this text]' };
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
    withoutUndefined({
      ...describeCall(step, calls[index - 1]?.step),
      Afterwards: summarizeSteps(afterwards, output),
    }),
  );
}

/**
 * The steps that count as calls of the component: the model steps that used its text. If there are none, all steps that
 * used it, without those inside another.
 */
function callSteps(trace: readonly Step[], component: string): Step[] {
  const steps = stepsOf(trace, component);
  const models = steps.filter((step) => step.kind === 'model');
  if (models.length > 0) return models;
  const inside = new Set(steps.flatMap((step) => [...walkSteps(step.children ?? [])]));
  return steps.filter((step) => !inside.has(step));
}

/** The steps in order; a step that contains a call is replaced by its children. */
function* outermost(steps: readonly Step[], calls: ReadonlySet<Step>): Generator<Step> {
  for (const step of steps) {
    const children = step.children ?? [];
    const containsCall = !calls.has(step) && [...walkSteps(children)].some((inner) => calls.has(inner));
    if (containsCall) yield* outermost(children, calls);
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
        'What it did': summarizeSteps(step.children ?? [], step.output),
        'What it gave': step.output,
        ...ending,
      };
  }
}

/** The messages that are new since the previous call: each call of a conversation repeats the earlier messages. */
function sinceLast(input: unknown, previous: unknown): unknown {
  if (!Array.isArray(input) || !Array.isArray(previous) || previous.length === 0) return input;
  const isContinued =
    input.length > previous.length && previous.every((message, index) => isSame(message, input[index]));
  return isContinued ? ['[the same as in the call before, then:]', ...input.slice(previous.length)] : input;
}

/** Names and outputs of steps, and the arguments of tools. Leaves out prompts and steps that return `shownOutput`. */
function summarizeSteps(steps: readonly Step[], shownOutput: unknown): ReflectiveRecord[] | undefined {
  const shown = steps.filter(
    (step) => step.error !== undefined || (step.kind !== 'prompt' && !isSame(step.output, shownOutput)),
  );
  if (shown.length === 0) return undefined;
  return shown.map((step) =>
    withoutUndefined({
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

function withoutUndefined(record: ReflectiveRecord): ReflectiveRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
