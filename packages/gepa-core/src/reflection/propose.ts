import type { Adapter, ProposeRequest, ReflectiveRecord } from '../adapter/adapter.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import type { Usage } from '../budget/usage.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { messageOf } from '../calls/classify-error.ts';
import { Interrupted } from '../calls/interruption.ts';
import { runCall } from '../calls/run-call.ts';
import { Semaphore } from '../calls/semaphore.ts';
import { type Candidate, ownValue, recordOf } from '../component.ts';
import type { RefusedTexts } from '../events.ts';
import { type ProposalEntry, proposalKey, type ReflectionEntry, reflectionKey } from '../journal/journal.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';
import type { Mask } from '../redact.ts';
import { CutOffStreak } from './cut-off-streak.ts';
import { noFeedback, teachesNothing } from './feedback-hint.ts';
import { checkText } from './guard.ts';
import type { PromptImage } from './images.ts';
import type { Knowledge } from './knowledge.ts';
import type { Memory } from './memory.ts';
import type { Proposal, ProposalRequest, Proposer } from './proposer.ts';
import { type Reflection, reflect } from './reflect.ts';
import { type PromptRequest, recordsFor, reflectionRequests } from './requests.ts';
import type { CheckLimits, TextLimits } from './text-limits.ts';

export interface ProposeOptions<Example, Output, Trace, Name extends string> {
  readonly run: CallEnvironment;
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly model: LanguageModel | undefined;
  /** The caller's own proposer, instead of the model. */
  readonly propose: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters: number | undefined;
  readonly perfectScore: number;
  /** The number of concurrent calls. */
  readonly concurrency: number;
  /** Masks texts in records. */
  readonly mask: Mask;
  readonly knowledge: Knowledge<Name> & Pick<TextLimits<Name>, 'maxLength'>;
  readonly memory: Memory<Name>;
  readonly checkLimits: CheckLimits;
  readonly stopwatch: Stopwatch;
  readonly warn: (message: string) => void;
}

/** What the proposals of a run share. */
interface Shared {
  readonly semaphore: Semaphore;
  readonly cutOffs: CutOffStreak;
  readonly warnOfCutOffs: () => void;
}

const cutOffsInARow =
  'The answers of the reflection model were cut off several times in a row, and it is no longer asked again after one. ' +
  'Raise its limit on output tokens (`maxTokens` of the reflection model), which reasoning counts against too.';

/** The second of the search's two effects: rewrites components by reading traces and feedback (paper, section 3.2). */
export function createProposer<Example, Output, Trace, Name extends string>(
  options: ProposeOptions<Example, Output, Trace, Name>,
): Proposer<Example, Output, Trace, Name> {
  const { stopwatch, model, propose } = options;
  const shared: Shared = {
    semaphore: new Semaphore(options.concurrency),
    cutOffs: new CutOffStreak(),
    warnOfCutOffs: () => options.warn(cutOffsInARow),
  };
  return async (request) => {
    stopwatch.start('reflection');
    try {
      return propose === undefined
        ? await askModel(options, shared, model!, request)
        : await askProposer(options, shared, propose, request);
    } catch (error) {
      const interruption = error instanceof Interrupted ? error.interruption : undefined;
      if (interruption === undefined) throw error;
      // A failure of this proposal only; another one may succeed.
      return interruption.reason === 'unavailable'
        ? {
            rejected: {
              reason: 'proposer_failed',
              message: messageOf(interruption.error),
              error: interruption.error,
            },
          }
        : { interruption };
    } finally {
      stopwatch.stop('reflection');
    }
  };
}

/** Asks the model about all components, in one call unless that is too long. */
async function askModel<Example, Output, Trace, Name extends string>(
  options: ProposeOptions<Example, Output, Trace, Name>,
  shared: Shared,
  model: LanguageModel,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Promise<Proposal<Name>> {
  const prompts = await options.run.pace.step(() => reflectionRequests({ ...options, ...request }));
  if (teachesNothing(options, request)) options.warn(noFeedback);
  const settled = await Promise.allSettled(
    prompts.map((prompt) => ask(options, shared, model, request, prompt)),
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
  // The reasons of each text are of interest only where there are several.
  const isOne = request.components.length === 1 || rejections.length === 0;
  const refused = isOne ? {} : { refused: Object.fromEntries(rejections) as RefusedTexts<Name> };
  if (Object.keys(texts).length > 0) return { texts, ...refused };
  const [rejected] = rejections.map(([, rejection]) => rejection);
  return rejected === undefined ? noText(request) : { rejected: { ...rejected, ...refused } };
}

async function ask<Example, Output, Trace, Name extends string>(
  { run, checkLimits }: ProposeOptions<Example, Output, Trace, Name>,
  { semaphore, cutOffs, warnOfCutOffs }: Shared,
  model: LanguageModel,
  { iteration, task, number: proposal }: ProposalRequest<Example, Output, Trace, Name>,
  { images, ...prompt }: PromptRequest,
): Promise<Reflection> {
  const startedAt = performance.now();
  const components = prompt.components.map(({ name }) => name);
  const isTooLong = cutOffs.isTooLong(iteration);
  if (isTooLong) warnOfCutOffs();
  run.dispatch({ type: 'reflection_started', iteration, task, components });
  let attempt = 0;
  const reflection = await reflect({
    ...prompt,
    checkLimits,
    asksAgainAfterCutOff: !isTooLong,
    call: (prompt) =>
      askOnce(run, semaphore, model, images, {
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
  run.dispatch({
    type: 'reflection_finished',
    iteration,
    task,
    components,
    texts: Object.fromEntries(texts),
    rejected: Object.fromEntries(rejected),
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
  run: CallEnvironment,
  semaphore: Semaphore,
  model: LanguageModel,
  images: readonly PromptImage[],
  question: Question,
): Promise<LanguageModelAnswer & { readonly usage: Usage }> {
  const { iteration, task, components, attempt, prompt } = question;
  const outcome = await runCall<LanguageModelAnswer>(run, {
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
              ...(model.readsImages === true && images.length > 0 ? { images } : {}),
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
      return { text, ...(finishReason === undefined ? {} : { finishReason }) };
    },
  });
  if ('interruption' in outcome) throw new Interrupted(outcome.interruption);
  return { ...outcome.value, usage: outcome.usage };
}

/** Asks the caller's own proposer for all components at once. */
async function askProposer<Example, Output, Trace, Name extends string>(
  options: ProposeOptions<Example, Output, Trace, Name>,
  { semaphore }: Shared,
  propose: (request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Promise<Proposal<Name>> {
  const { run, adapter, memory, checkLimits } = options;
  const { candidate, components, iteration, task, number, parent } = request;
  const byName = new Map<Name, readonly ReflectiveRecord[]>();
  for (const name of components) {
    byName.set(name, await run.pace.step(() => recordsFor({ ...options, ...request }, name)));
  }
  const records = recordOf(components, (name) => byName.get(name)!);
  const given = {
    candidate,
    parent: memory.candidate(parent),
    components,
    definitions: recordOf(components, (name) => adapter.components[name]),
    records,
    history: recordOf(components, (name) => memory.tried(parent, name)),
    learned: recordOf(components, (name) => memory.learned(name)),
  };

  run.dispatch({ type: 'reflection_started', iteration, task, components });
  const outcome = await runCall<Partial<Record<Name, string>>>(run, {
    kind: 'reflection',
    phase: 'reflection',
    iteration,
    semaphore,
    key: proposalKey(iteration, task),
    perform: (attempt) =>
      attempt({ name: 'The proposer', usageOf: () => undefined }, async (context) =>
        readProposal(await propose({ ...given, ...context }), components),
      ),
    entryOf: (texts, durationMs) => ({
      type: 'proposal',
      iteration,
      task,
      proposal: number,
      texts,
      durationMs,
    }),
    replayed: (entry) => (entry as ProposalEntry).texts as Partial<Record<Name, string>>,
  });
  if ('interruption' in outcome) throw new Interrupted(outcome.interruption);
  run.dispatch({
    type: 'reflection_finished',
    iteration,
    task,
    components,
    texts: outcome.value as Candidate,
    rejected: {},
    usage: outcome.usage,
    durationMs: outcome.durationMs,
  });

  const texts = new Map<Name, string>();
  for (const name of components) {
    const text = ownValue<string>(outcome.value as Readonly<Record<string, string>>, name);
    if (text === undefined) continue;
    const [component, currentText] = [adapter.components[name], candidate[name]];
    const fault =
      checkText({ name, component, text, currentText }) ??
      checkLimits({ name, text, currentText, isLast: true });
    if (fault !== undefined) return { rejected: { reason: fault.problem, message: fault.message } };
    texts.set(name, text);
  }
  if (texts.size === 0) return noText(request);
  return { texts: Object.fromEntries(texts) as Partial<Record<Name, string>> };
}

/** The texts that a proposer returned for the requested components. */
function readProposal<Name extends string>(returned: unknown, components: readonly Name[]) {
  const texts = new Map<Name, string>();
  for (const name of components) {
    const text: unknown = Object.hasOwn(returned ?? {}, name)
      ? (returned as Record<string, unknown>)[name]
      : undefined;
    if (text === undefined) continue;
    if (typeof text !== 'string') {
      throw new TypeError(
        `The proposer returned ${text === null ? 'null' : `a ${typeof text}`} for "${name}". Return a string, or leave the component out.`,
      );
    }
    texts.set(name, text);
  }
  return Object.fromEntries(texts) as Partial<Record<Name, string>>;
}

function noText<Name extends string>({ components }: { components: readonly Name[] }): Proposal<Name> {
  return {
    rejected: { reason: 'unchanged', message: `No new text was proposed for ${components.join(', ')}.` },
  };
}
