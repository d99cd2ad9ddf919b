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
import type { Watch } from '../effects/watch.ts';
import { RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';
import type { Usage } from '../usage.ts';

/** What a call of the second effect needs around it: bounds, retries, a time limit, the journal. */
export interface CallContext {
  readonly ledger: Ledger;
  readonly health: ProviderHealth;
  /** Absent when nothing is kept outside of the process. */
  readonly journal: Journal | undefined;
  readonly retry: RetryOptions;
  readonly signal: AbortSignal;
  readonly emit: (event: ProgressEvent) => void;
  readonly watch: Watch;
  /** The first call, while it runs and what a call costs is to be learned. */
  readonly turn: { first: Promise<void> | undefined };
}

/** One question to the reflection model. */
type Question = Pick<ReflectionEntry, 'iteration' | 'task' | 'component' | 'attempt' | 'prompt'>;

/** The texts of a caller's own proposer: from the journal, or else asked for and written down there. */
export async function proposedTexts<Name extends string>(
  context: CallContext,
  request: { readonly iteration: number; readonly task: number; readonly components: readonly Name[] },
  propose: (signal: AbortSignal) => Promise<Partial<Record<Name, string>>>,
): Promise<Partial<Record<Name, string>>> {
  const { iteration, task, components } = request;
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
    const texts = textsOf(await withRetry(call, retryPolicy(context, retries)), components);
    const durationMs = Math.round(performance.now() - startedAt);
    const entry = { iteration, task, retries: retries.count || undefined, durationMs };
    await journal?.add({ type: 'proposal', ...entry, texts });
    return texts;
  } catch (error) {
    noteFailure(context, iteration, key, error, retries);
    throw error;
  }
}

/** What a proposer gave for the components it was asked for, in the form in which it is written down. */
function textsOf<Name extends string>(given: unknown, components: readonly Name[]) {
  const texts: Partial<Record<Name, string>> = {};
  for (const name of components) {
    const text: unknown = Object.hasOwn(given ?? {}, name)
      ? (given as Record<string, unknown>)[name]
      : undefined;
    if (text === undefined) continue;
    if (typeof text !== 'string') {
      throw new TypeError(
        `The proposer gave ${text === null ? 'null' : `a ${typeof text}`} for "${name}"; give a text, or leave the component out.`,
      );
    }
    texts[name] = text;
  }
  return texts;
}

export type PaidAnswer = LanguageModelAnswer & { readonly usage: Usage };

/**
 * An answer from the journal, or else a live one. Where it is to be learned what a call costs, the first is made alone.
 */
export async function paidCall(
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
    await ledger.waitForPrices(answer.usage);
    const write = async (usage: Usage) =>
      journal?.add({
        type: 'reflection',
        ...question,
        answer: answer.text,
        finishReason: answer.finishReason,
        usage,
        retries: retries.count || undefined,
        durationMs: Math.round(performance.now() - startedAt),
      });
    let usage: Usage;
    try {
      usage = ledger.pay('reflection', answer.usage, hold);
    } catch (error) {
      // An answer whose cost cannot be told was paid for all the same.
      await write(answer.usage);
      throw error;
    }
    isAnswered = true;
    await write(usage);
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
