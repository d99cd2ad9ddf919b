import type { PromptImage } from '../adapter/prompt-image.ts';
import type { Usage } from '../budget/usage.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { runCall } from '../calls/run-call.ts';
import type { Semaphore } from '../calls/semaphore.ts';
import { Interrupted } from '../interruption.ts';
import { type ReflectionEntry, reflectionKey } from '../journal/journal.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';
import type { RefusedTexts } from '../rejection.ts';
import { type PromptRequest, reflectionRequests } from './prompt/requests.ts';
import {
  noText,
  type Proposal,
  type ProposalRequest,
  type ProposeOptions,
  type SharedByProposals,
} from './proposer.ts';
import { noFeedback, teachesNothing } from './records/feedback-hint.ts';
import { type Reflection, reflect } from './reflect.ts';

/** Asks the model about all components, in one call unless that is too long. */
export async function askModel<Name extends string>(
  options: ProposeOptions<Name>,
  shared: SharedByProposals,
  model: LanguageModel,
  request: ProposalRequest<Name>,
): Promise<Proposal<Name>> {
  const prompts = await reflectionRequests({ ...options, ...request });
  if (await teachesNothing(options, request)) options.warn(noFeedback);
  const { feedbackWarning } = options.memory;
  if (feedbackWarning !== undefined && options.knowledge.showExpected !== true) options.warn(feedbackWarning);
  const settled = await Promise.allSettled(
    prompts.map((prompt) => reflectOn(options, shared, model, request, prompt)),
  );
  // Only when all have ended, so that the spend of each is counted.
  const reflections = settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const texts = Object.fromEntries(reflections.flatMap(({ texts }) => [...texts])) as Partial<
    Record<Name, string>
  >;
  const rejections = reflections.flatMap(({ rejected }) => [...rejected]);
  // One reason without a text is that of the whole proposal.
  const isWhole = request.components.length === 1 && rejections.every(([, { text }]) => text === undefined);
  const refused =
    isWhole || rejections.length === 0 ? undefined : (Object.fromEntries(rejections) as RefusedTexts<Name>);
  if (Object.keys(texts).length > 0) return { texts, refused };
  const [rejected] = rejections.map(([, { reason, message }]) => ({ reason, message }));
  return rejected === undefined ? noText(request) : { rejected: { ...rejected, refused } };
}

/** One reflection, on some of the components. */
async function reflectOn<Name extends string>(
  { calls, checkLimits }: ProposeOptions<Name>,
  { semaphore, cutOffs, warnOfCutOffs }: SharedByProposals,
  model: LanguageModel,
  { iteration, task, proposal }: ProposalRequest<Name>,
  { images, ...prompt }: PromptRequest,
): Promise<Reflection> {
  const startedAt = performance.now();
  const components = prompt.components.map(({ name }) => name);
  const isTooLong = cutOffs.isTooLong(iteration);
  if (isTooLong) warnOfCutOffs();
  calls.dispatch({ type: 'reflection_started', iteration, task, components });
  let attempt = 0;
  const reflection = await reflect({
    ...prompt,
    checkLimits,
    asksAgainAfterCutOff: !isTooLong,
    call: (prompt) =>
      askOnce(calls, semaphore, model, images, {
        iteration,
        task,
        proposal,
        components,
        attempt: attempt++,
        prompt,
      }),
  });
  const { texts, rejected, wasCutOff, usage } = reflection;
  cutOffs.add(iteration, wasCutOff);
  calls.dispatch({
    type: 'reflection_finished',
    iteration,
    task,
    components,
    texts: Object.fromEntries(texts),
    rejected: Object.fromEntries(
      [...rejected].map(([name, { reason, message }]) => [name, { reason, message }]),
    ),
    usage,
    durationMs: performance.now() - startedAt,
  });
  return reflection;
}

type Question = Pick<
  ReflectionEntry,
  'iteration' | 'task' | 'proposal' | 'components' | 'attempt' | 'prompt'
>;

/** One paid question to the reflection model. */
async function askOnce(
  calls: CallEnvironment,
  semaphore: Semaphore,
  model: LanguageModel,
  images: readonly PromptImage[],
  question: Question,
): Promise<LanguageModelAnswer & { readonly usage: Usage }> {
  const { iteration, task, components, attempt, prompt } = question;
  const outcome = await runCall<LanguageModelAnswer>(calls, {
    kind: 'reflection',
    phase: 'reflection',
    iteration,
    semaphore,
    key: reflectionKey(iteration, task, components, attempt),
    perform: (attemptCall) =>
      attemptCall(
        { name: 'The reflection model', usageOf: ({ usage }: LanguageModelAnswer) => usage },
        async (context) =>
          normalizeAnswer(
            await model({
              prompt,
              images: model.readsImages === true && images.length > 0 ? images : undefined,
              ...context,
            }),
          ),
      ),
    entryOf: ({ text, finishReason }, durationMs) => ({
      type: 'reflection',
      ...question,
      answer: text,
      finishReason,
      durationMs,
    }),
    replayed(entry) {
      const { answer: text, finishReason } = entry as ReflectionEntry;
      return { text, finishReason };
    },
  });
  if ('interruption' in outcome) throw new Interrupted(outcome.interruption);
  return { ...outcome.value, usage: outcome.usage };
}
