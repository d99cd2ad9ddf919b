import type { ReflectiveRecord } from '../../adapter/adapter.ts';
import type { AnyRollout } from '../../adapter/any.ts';
import { type Step, stepsOf, usageOfSteps, walkSteps } from '../../adapter/trace.ts';
import { definedOnly, ownValue } from '../../component.ts';
import { isCutOff } from '../../language-model.ts';
import { inputOf } from './example-parts.ts';
import { hasSameContent, haveContentOf } from './same-content.ts';
import { messageKey, ShownMessages } from './shown-messages.ts';

/**
 * The records for adapters without `reflectiveRecords`. Each describes a rollout to the reflection model: its input, the
 * calls that used the component's text with the steps after them, output, score and feedback; tokens only where a metric
 * concerns them. The expected value of the example is left out, and so is what the record shows already. A trace that
 * does not consist of steps is included unchanged.
 */
export function defaultRecords(request: {
  readonly component: string;
  readonly rollouts: readonly AnyRollout[];
}): ReflectiveRecord[] {
  return sharedRecords({ components: [request.component], rollouts: request.rollouts });
}

/** The same for several components at once: each call names the components whose texts it used. */
export function sharedRecords({
  components,
  rollouts,
}: {
  readonly components: readonly string[];
  readonly rollouts: readonly AnyRollout[];
}): ReflectiveRecord[] {
  return [...recordsInTurn({ components, rollouts })];
}

/** The same, one after another. */
export function* recordsInTurn({
  components,
  rollouts,
}: Parameters<typeof sharedRecords>[0]): Generator<ReflectiveRecord> {
  const showsTokens = rollouts.some(concernsTokens);
  for (const rollout of rollouts) yield sharedRecord(components, rollout, showsTokens);
}

function sharedRecord(
  components: readonly string[],
  rollout: AnyRollout,
  showsTokens: boolean,
): ReflectiveRecord {
  const { trace, output, score, objectives, error } = rollout;
  const input = inputOf(rollout.example);
  const calls = isSteps(trace) ? describeCalls(trace, components, input, output) : undefined;
  const headings: ReflectiveRecord =
    calls === undefined ? { Trace: trace } : callHeadings(trace as readonly Step[], calls);
  // The error of the rollout, or of its only call.
  const failure = error ?? headings.Error;
  const isInFeedback = typeof failure === 'string' && rollout.feedback?.includes(failure);
  return definedOnly({
    Input: input,
    ...headings,
    'Final output': outputAfter(calls?.at(-1)?.Answer, output),
    Tokens: showsTokens && isSteps(trace) ? tokensOf(trace) : undefined,
    Score: score,
    Objectives: objectives,
    ...feedbackOn(components, rollout),
    Error: isInFeedback ? undefined : failure,
  });
}

/** The feedback on a component, which replaces the general feedback; with several components, both. */
function feedbackOn(
  components: readonly string[],
  { feedback, componentFeedback }: AnyRollout,
): ReflectiveRecord {
  const said = (remark: string | undefined) => (remark?.trim() === '' ? undefined : remark);
  const [only] = components;
  if (components.length === 1) return { Feedback: said(ownValue(componentFeedback, only!) ?? feedback) };
  const own = components.map(
    (name) => [`Feedback on "${name}"`, said(ownValue(componentFeedback, name))] as const,
  );
  return { Feedback: said(feedback), ...Object.fromEntries(own) };
}

/** Whether a metric's words or objectives are about the length of answers. */
function concernsTokens({ feedback, componentFeedback, objectives }: AnyRollout): boolean {
  const remarks = [feedback, ...Object.values(componentFeedback ?? {})];
  return (
    remarks.some(
      (remark) => remark !== undefined && /\btokens?\b|\btoo (long|verbose)\b|\bconcise/i.test(remark),
    ) ||
    Object.keys(objectives ?? {}).some((name) =>
      /token|cost|length|brevity|concise|verbos|latency|speed/i.test(name),
    )
  );
}

export function isSteps(trace: unknown): trace is readonly Step[] {
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
function callHeadings(trace: readonly Step[], calls: readonly ReflectiveRecord[]): ReflectiveRecord {
  // The component was not used in this rollout, for example because its branch was not taken.
  const isUnused = calls.length === 0 && [...walkSteps(trace)].some((step) => step.components?.length);
  if (isUnused) return { Calls: '[no call of this run used the text]' };
  return calls.length <= 1 ? (calls[0] ?? {}) : { Calls: calls };
}

function describeCalls(
  trace: readonly Step[],
  components: readonly string[],
  input: unknown,
  output: unknown,
): ReflectiveRecord[] {
  const steps = callSteps(trace, components);
  const calls: { readonly step: Step; readonly afterwards: Step[] }[] = [];
  for (const step of outermost(trace, new Set(steps))) {
    if (steps.includes(step)) calls.push({ step, afterwards: [] });
    else calls.at(-1)?.afterwards.push(step);
  }
  const shown = new ShownMessages();
  const values = [input, output];
  return calls.map(({ step, afterwards }, index) => {
    const call = describeCall(step, shown);
    shown.add(step);
    // The final output shows the last message.
    if (index === calls.length - 1) shown.add({ output: lastMessageIn(output) });
    values.push(step.output);
    return definedOnly({
      Uses: components.length > 1 ? usedBy(step, components) : undefined,
      ...call,
      Afterwards: summarizeSteps(afterwards, { values, output, answer: step.output, messages: shown }),
    });
  });
}

function usedBy(step: Step, components: readonly string[]): string | undefined {
  return components.filter((name) => step.components?.includes(name)).join(', ') || undefined;
}

/**
 * The steps that count as calls of the components: the model steps that used a text. For a text that none used, all
 * steps that used it, without those inside another. A trace whose steps name no components has all its calls.
 */
export function callSteps(trace: readonly Step[], components: readonly string[]): Step[] {
  const found = new Set<Step>();
  const all = [...walkSteps(trace)];
  const namesComponents = all.some((step) => step.components?.length);
  for (const component of components) {
    // Where no step names its components, each may have used the text.
    const steps = namesComponents ? stepsOf(trace, component) : all;
    const models = steps.filter((step) => step.kind === 'model');
    const inside = new Set(steps.flatMap((step) => [...walkSteps(step.children ?? [])]));
    for (const step of models.length > 0 ? models : steps.filter((step) => !inside.has(step)))
      found.add(step);
  }
  return all.filter((step) => found.has(step));
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

function describeCall(step: Step, shown: ShownMessages): ReflectiveRecord {
  const ending = {
    Error: step.error,
    'Stopped early': isCutOff(step.finishReason) ? step.finishReason : undefined,
  };
  switch (step.kind) {
    case 'model':
      return { 'What the model saw': shown.newIn(step.input), Answer: step.output, ...ending };
    case 'prompt':
      return { 'What the model saw': step.output, ...ending };
    default:
      return {
        Step: step.name,
        'What it was given': step.input,
        'What it did': summarizeSteps(step.children ?? [], { values: [step.output], output: step.output }),
        'What it gave': step.output,
        ...ending,
      };
  }
}

/** The parts that a record shows before a list of steps. */
interface ShownBefore {
  readonly values: readonly unknown[];
  readonly output: unknown;
  /** The answer of the model call before the steps. */
  readonly answer?: unknown;
  readonly messages?: ShownMessages;
}

/**
 * Names and outputs of steps, and the arguments of tools unless the answer shows them. Leaves out prompts and steps that
 * only pass on what is shown, as far as `values`; the outline of the program names those. What a tool found is left out
 * only where it is the output.
 */
function summarizeSteps(
  steps: readonly Step[],
  { values, output, answer, messages = new ShownMessages() }: ShownBefore,
): ReflectiveRecord[] | undefined {
  const isShown = (step: Step) =>
    step.kind === 'tool' || step.kind === 'retriever'
      ? hasSameContent(output, step.output)
      : haveContentOf(values, step.output);
  const summaries = steps.flatMap(toolsInside).flatMap((step): ReflectiveRecord[] => {
    if (step.kind === 'prompt' && step.error === undefined) return [];
    const added = messages.newInOutput(step.output);
    messages.add(step);
    const isKnown = (added === undefined && step.output !== undefined) || isShown(step);
    if (step.error === undefined && isKnown) return [];
    return [
      definedOnly({
        Step: step.name,
        Arguments: step.kind === 'tool' && !isCallIn(answer, step) ? step.input : undefined,
        Output: toolResult(added),
        Error: step.error,
      }),
    ];
  });
  return summaries.length === 0 ? undefined : summaries;
}

/** The tools that a step ran, if it did nothing else. */
function toolsInside(step: Step): readonly Step[] {
  const { children = [] } = step;
  const isTool = ({ kind, error }: Step) => kind === 'tool' && error === undefined;
  return step.kind === 'chain' && step.error === undefined && children.length > 0 && children.every(isTool)
    ? children
    : [step];
}

/** Whether an answer shows the call of a tool with its arguments. */
function isCallIn(answer: unknown, { name, input }: Step): boolean {
  const { toolCalls } = (answer ?? {}) as { readonly toolCalls?: unknown };
  return (
    Array.isArray(toolCalls) &&
    toolCalls.some((call) => call?.name === name && hasSameContent(call.args, input))
  );
}

/** Frameworks wrap the result of a tool in a message. */
function toolResult(output: unknown): unknown {
  const { role, content } = (output ?? {}) as { readonly role?: unknown; readonly content?: unknown };
  return role === 'tool' && content !== undefined ? content : output;
}

/**
 * The final output without what the record shows: the last answer, and the conversation in the state of an agent.
 * `undefined` if it is the last answer.
 */
function outputAfter(answer: unknown, output: unknown): unknown {
  if (answer === undefined || output === undefined) return output;
  if (hasSameContent(answer, output)) return undefined;
  if (typeof output !== 'object' || output === null) return output;
  const { messages, ...rest } = output as { readonly messages?: unknown };
  if (!Array.isArray(messages) || messages.length < 2) return output;
  const last = messages.at(-1);
  const isShown = messageKey(last) === messageKey(answer);
  if (isShown && Object.keys(rest).length === 0) return undefined;
  const before = `[${messages.length - 1} ${messages.length === 2 ? 'message' : 'messages'} before]`;
  return { ...rest, messages: [before, isShown ? '[the answer above]' : last] };
}

function lastMessageIn(output: unknown): unknown {
  const { messages } = (output ?? {}) as { readonly messages?: unknown };
  return Array.isArray(messages) ? messages.at(-1) : undefined;
}
