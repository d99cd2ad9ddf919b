import type { Adapter, ProposeRequest, ReflectiveRecord, Rollout } from '../adapter.ts';
import type { Candidate } from '../component.ts';
import { takeEarlier } from '../effects/earlier-spend.ts';
import { messageOf } from '../effects/failures.ts';
import { Interrupted } from '../effects/interruption.ts';
import {
  type Journal,
  proposalKey,
  type ReflectionEntry,
  type Remembered,
  reflectionKey,
  type Taken,
} from '../effects/journal.ts';
import type { Hold, Ledger } from '../effects/ledger.ts';
import type { ProviderHealth } from '../effects/provider-health.ts';
import { type RetryOptions, type RetryPolicy, withRetry } from '../effects/retry.ts';
import type { Stopwatch } from '../effects/stopwatch.ts';
import { Watch } from '../effects/watch.ts';
import { RolloutTimeoutError, RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';
import { checkText } from '../reflection/guard.ts';
import { defaultRecords } from '../reflection/records.ts';
import { reflect } from '../reflection/reflect.ts';
import { renderRecords } from '../reflection/render.ts';
import type { Usage } from '../usage.ts';
import type { Proposal, ProposalRequest, Proposer } from './proposer.ts';

export interface MutationOptions<Example, Output, Trace, Name extends string> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly model: LanguageModel | undefined;
  /** A proposer of the caller's own, in place of the model. */
  readonly propose: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters: number | undefined;
  readonly ledger: Ledger;
  readonly stopwatch: Stopwatch;
  readonly health: ProviderHealth;
  /** Absent when nothing is kept outside of the process. */
  readonly journal: Journal | undefined;
  readonly retry: RetryOptions;
  readonly signal: AbortSignal;
  /** The most milliseconds for one call. */
  readonly timeoutMs: number | undefined;
  readonly emit: (event: ProgressEvent) => void;
}

type Context<Example, Output, Trace, Name extends string> = MutationOptions<Example, Output, Trace, Name> & {
  readonly watch: Watch;
  /** The first call, while it runs and what a call costs is to be learned. */
  readonly turn: { first: Promise<void> | undefined };
};

type CallContext = Pick<
  Context<never, never, never, never>,
  'ledger' | 'health' | 'journal' | 'retry' | 'signal' | 'watch' | 'emit' | 'turn'
>;

/** One question to the reflection model. */
type Question = Pick<ReflectionEntry, 'iteration' | 'task' | 'component' | 'attempt' | 'prompt'>;

/** Rewrites components from what the traces and the metric say of them (paper, section 3.2). */
export function reflectiveMutation<Example, Output, Trace, Name extends string>(
  options: MutationOptions<Example, Output, Trace, Name>,
): Proposer<Example, Output, Trace, Name> {
  const { signal, timeoutMs } = options;
  const timeoutError = () => new RolloutTimeoutError(`The proposer did not answer within ${timeoutMs} ms.`);
  const watch = new Watch({ signal, timeoutMs, timeoutError });
  const context = { ...options, watch, turn: { first: undefined } };
  return async (request) => {
    const { stopwatch, signal, health } = options;
    stopwatch.start('reflection');
    try {
      return options.propose === undefined
        ? await askModel(context, request)
        : await askCaller(context, options.propose, request);
    } catch (error) {
      if (signal.aborted) return { interruption: { reason: 'aborted' } };
      if (error instanceof Interrupted) return { interruption: error.interruption };
      if (RunError.isInstance(error)) throw error;
      if (health.loss !== undefined) return { interruption: { reason: 'providerUnavailable', error } };
      return { rejected: { reason: 'proposer_failed', message: messageOf(error), error } };
    } finally {
      stopwatch.stop('reflection');
    }
  };
}

async function askModel<Example, Output, Trace, Name extends string>(
  options: Context<Example, Output, Trace, Name>,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Promise<Proposal<Name>> {
  const { adapter, model, templates, maxRecordCharacters, emit } = options;
  const answers = await Promise.all(
    request.components.map(async (name) => {
      const startedAt = performance.now();
      const template = typeof templates === 'string' ? templates : templates?.[name];
      const { iteration, task } = request;
      let attempt = 0;
      const reflection = await reflect({
        name,
        component: adapter.components[name],
        currentText: request.candidate[name],
        records: renderRecords(
          recordsFor(adapter, request.candidate, name, request.rollouts),
          maxRecordCharacters === undefined ? {} : { maxCharacters: maxRecordCharacters },
        ),
        ...(template === undefined ? {} : { template }),
        call: (prompt) =>
          paidCall(options, { iteration, task, component: name, attempt: attempt++, prompt }, (signal) =>
            model!({ prompt, signal }),
          ),
      });
      emit({
        type: 'reflection_finished',
        iteration,
        task,
        component: name,
        text: 'text' in reflection ? reflection.text : undefined,
        usage: reflection.usage,
        durationMs: performance.now() - startedAt,
      });
      return { name, reflection };
    }),
  );
  const texts: Partial<Record<Name, string>> = {};
  for (const { name, reflection } of answers) if ('text' in reflection) texts[name] = reflection.text;
  if (Object.keys(texts).length > 0) return { texts };
  const rejected = answers.map(({ reflection }) => reflection).find((reflection) => 'rejected' in reflection);
  return rejected ?? noText(request);
}

async function askCaller<Example, Output, Trace, Name extends string>(
  options: Context<Example, Output, Trace, Name>,
  propose: (request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Promise<Proposal<Name>> {
  const { adapter } = options;
  const records = {} as Record<Name, readonly ReflectiveRecord[]>;
  for (const name of request.components) {
    records[name] = recordsFor(adapter, request.candidate, name, request.rollouts);
  }
  const { candidate, components } = request;
  const texts = await proposedTexts(options, request, (signal) =>
    propose({ candidate, components, records, signal }),
  );
  const kept: Partial<Record<Name, string>> = {};
  for (const name of components) {
    const text = texts?.[name];
    if (text === undefined) continue;
    const fault = checkText({
      name,
      component: adapter.components[name],
      text,
      currentText: candidate[name],
    });
    if (fault !== undefined) return { rejected: { reason: fault.problem, message: fault.message } };
    kept[name] = text;
  }
  return Object.keys(kept).length > 0 ? { texts: kept } : noText(request);
}

/** What is to be shown of rollouts for one component. */
export function recordsFor<Example, Output, Trace, Name extends string>(
  adapter: Adapter<Example, Output, Trace, Name>,
  candidate: Candidate<Name>,
  component: Name,
  rollouts: readonly Rollout<Example, Output, Trace>[],
): readonly ReflectiveRecord[] {
  return (
    adapter.reflectiveRecords?.({ candidate, component, rollouts }) ?? defaultRecords({ component, rollouts })
  );
}

function noText<Name extends string>({ components }: { components: readonly Name[] }): Proposal<Name> {
  return {
    rejected: { reason: 'unchanged', message: `No new text was proposed for ${components.join(', ')}.` },
  };
}

/** The texts of a caller's own proposer: from the journal, or else asked for and written down there. */
async function proposedTexts<Name extends string>(
  context: CallContext,
  { iteration, task }: { readonly iteration: number; readonly task: number },
  propose: (signal: AbortSignal) => Promise<Partial<Record<Name, string>>>,
): Promise<Partial<Record<Name, string>> | undefined> {
  const { journal, ledger, watch } = context;
  const key = proposalKey(iteration, task);
  const taken = takeEarlier(ledger, journal, key);
  if (taken !== undefined) {
    const entry = remembered(taken);
    if (entry.type === 'proposal') return entry.texts as Partial<Record<Name, string>>;
  }
  const retries = { count: 0 };
  const startedAt = performance.now();
  try {
    const call = () => watch.run(async (lazy) => propose(lazy.signal));
    const texts = await withRetry(call, retryPolicy(context, retries));
    const durationMs = Math.round(performance.now() - startedAt);
    const entry = { iteration, task, retries: retries.count || undefined, durationMs };
    if (journal !== undefined) await journal.add({ type: 'proposal', ...entry, texts: textsOf(texts) });
    return texts;
  } catch (error) {
    noteFailure(context, iteration, key, error, retries);
    throw error;
  }
}

/** What a proposer gave, as far as it is texts. */
function textsOf(texts: unknown): Record<string, string> {
  const entries = Object.entries((texts ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

type PaidAnswer = LanguageModelAnswer & { readonly usage: Usage };

/**
 * An answer from the journal, or else a live one. Where it is to be learned what a call costs, the first is made alone.
 */
async function paidCall(
  context: CallContext,
  question: Question,
  ask: (signal: AbortSignal) => ReturnType<LanguageModel>,
): Promise<PaidAnswer> {
  const { ledger, turn, journal } = context;
  const { iteration, task, component, attempt } = question;
  const taken = takeEarlier(ledger, journal, reflectionKey(iteration, task, component, attempt));
  if (taken !== undefined) {
    const entry = remembered(taken);
    if (entry.type === 'reflection') {
      const { answer: text, finishReason, usage } = entry;
      return { text, usage, ...(finishReason === undefined ? {} : { finishReason }) };
    }
  }
  while (turn.first !== undefined) await turn.first;
  const call = admittedCall(context, question, ask);
  if (ledger.mustLearnCost('reflection')) {
    const done = () => {
      turn.first = undefined;
    };
    turn.first = call.then(done, done);
  }
  return call;
}

/** What an earlier session got, or its failure. */
function remembered({ entry }: Taken): Remembered {
  if (entry.type === 'unavailable') throw new Error(entry.message);
  return entry;
}

async function admittedCall(
  context: CallContext,
  question: Question,
  ask: (signal: AbortSignal) => ReturnType<LanguageModel>,
): Promise<PaidAnswer> {
  const { ledger, health, watch, journal } = context;
  const wait = () => health.pause ?? ledger.wait('reflection');
  for (let next = wait(); next !== undefined; next = wait()) await next;
  if (health.loss !== undefined) {
    throw new Interrupted({ reason: 'providerUnavailable', error: health.loss.error });
  }
  const hold = ledger.admit('reflection');
  if (typeof hold === 'string') throw new Interrupted({ reason: hold });
  const retries = { count: 0 };
  const startedAt = performance.now();
  let isAnswered = false;
  try {
    const call = () => watch.run(async (lazy) => ask(lazy.signal));
    const answer = normalizeAnswer(await withRetry(call, retryPolicy(context, retries, hold)));
    const usage = ledger.pay('reflection', answer.usage, hold);
    isAnswered = true;
    await journal?.add({
      type: 'reflection',
      ...question,
      answer: answer.text,
      finishReason: answer.finishReason,
      usage,
      retries: retries.count || undefined,
      durationMs: Math.round(performance.now() - startedAt),
    });
    return { ...answer, usage };
  } catch (error) {
    const { iteration, task, component, attempt } = question;
    noteFailure(context, iteration, reflectionKey(iteration, task, component, attempt), error, retries);
    throw error;
  } finally {
    ledger.settle(hold, isAnswered);
  }
}

/** A failure after which the run goes on is part of what decided it. */
function noteFailure(
  { journal, signal, health }: CallContext,
  iteration: number,
  key: string,
  error: unknown,
  retries: { readonly count: number },
): void {
  const isEnd =
    signal.aborted || health.loss !== undefined || error instanceof Interrupted || RunError.isInstance(error);
  if (!isEnd) {
    void journal?.add({
      type: 'unavailable',
      iteration,
      expense: 'reflection',
      key,
      message: messageOf(error),
      retries: retries.count || undefined,
    });
  }
}

function retryPolicy(
  { ledger, retry, signal, health, emit }: CallContext,
  retries: { count: number },
  hold?: Hold,
): RetryPolicy {
  return {
    options: retry,
    signal,
    health,
    onRetry(attempt, error) {
      retries.count++;
      ledger.retry(hold);
      emit({ type: 'retried', what: 'reflection', attempt, message: messageOf(error) });
    },
    admit: () => ledger.admitAgain(hold),
  };
}
