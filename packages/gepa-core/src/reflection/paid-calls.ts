import { takeEarlier } from '../budget/earlier-spend.ts';
import type { Ledger } from '../budget/ledger.ts';
import { type Amount, type Hold, isNothing, nothing } from '../budget/spending-bounds.ts';
import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { isUnbilled, messageOf } from '../calls/classify-error.ts';
import { Interrupted } from '../calls/interruption.ts';
import type { ProviderHealth } from '../calls/outage.ts';
import { type RetryOptions, type RetryPolicy, withRetry } from '../calls/retry.ts';
import type { Watch } from '../calls/timeout.ts';
import { Try } from '../calls/try.ts';
import { RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import {
  type EffectEntry,
  type Journal,
  proposalKey,
  type ReflectionEntry,
  type Remembered,
  reflectionKey,
  type Taken,
} from '../journal/journal.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';

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
}

/** One question to the reflection model. */
type Question = Pick<ReflectionEntry, 'iteration' | 'task' | 'component' | 'attempt' | 'prompt'>;

/** The texts of a caller's own proposer: from the journal, or else asked for and written down there. */
export async function proposedTexts<Name extends string>(
  context: CallContext,
  request: { readonly iteration: number; readonly task: number; readonly components: readonly Name[] },
  propose: (attempt: Try) => Promise<Partial<Record<Name, string>>>,
): Promise<{ readonly texts: Partial<Record<Name, string>>; readonly usage: Usage }> {
  const { iteration, task, components } = request;
  const { journal, ledger } = context;
  const key = proposalKey(iteration, task);
  const taken = takeEarlier(ledger, journal, key);
  if (taken !== undefined) {
    const entry = remembered(taken);
    if (entry.type === 'proposal') {
      return { texts: entry.texts as Partial<Record<Name, string>>, usage: entry.usage ?? noUsage };
    }
  }
  return paidCall(context, {
    iteration,
    key,
    ask: async (attempt) => ({ answer: textsOf(await propose(attempt), components), usage: undefined }),
    entryOf: (texts, { usage, ...cost }) => ({
      type: 'proposal',
      iteration,
      task,
      texts,
      usage: usage === noUsage ? undefined : usage,
      ...cost,
    }),
  }).then(({ answer: texts, usage }) => ({ texts, usage }));
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

/** An answer of the reflection model: from the journal, or else a live one that is written down there. */
export async function paidAnswer(
  context: CallContext,
  question: Question,
  model: LanguageModel,
): Promise<PaidAnswer> {
  const { ledger, journal } = context;
  const { iteration, task, component, attempt, prompt } = question;
  const key = reflectionKey(iteration, task, component, attempt);
  const taken = takeEarlier(ledger, journal, key);
  if (taken !== undefined) {
    const entry = remembered(taken);
    if (entry.type === 'reflection') {
      const { answer: text, finishReason, usage } = entry;
      return { text, usage, ...(finishReason === undefined ? {} : { finishReason }) };
    }
  }
  const { answer, usage } = await paidCall(context, {
    iteration,
    key,
    ask: async ({ signal, meter }) => {
      const answer = normalizeAnswer(await model({ prompt, signal, meter }));
      return { answer, usage: answer.usage };
    },
    entryOf: ({ text, finishReason }, cost) => ({
      type: 'reflection',
      ...question,
      answer: text,
      finishReason,
      ...cost,
    }),
  });
  return { ...answer, usage };
}

/** What an earlier session got, or its failure. */
function remembered({ entry }: Taken): Remembered {
  if (entry.type === 'unavailable') throw new Error(entry.message);
  return entry;
}

/** A call that is to be made. */
interface LiveCall<Answer> {
  readonly iteration: number;
  /** In the journal. */
  readonly key: string;
  ask(attempt: Try): Promise<{ readonly answer: Answer; readonly usage: Usage | undefined }>;
  entryOf(answer: Answer, cost: Cost): EffectEntry;
}

interface Cost {
  readonly hold: number | undefined;
  readonly usage: Usage;
  readonly inDoubt: Amount | undefined;
  readonly retries: number | undefined;
  readonly durationMs: number;
}

/** What a call has taken so far; kept outside of it, since a failed one costs too. */
class Spent {
  usage: Usage = noUsage;
  retries = 0;
  current: Try | undefined;
}

/** Makes a call within the bounds, with retries, and writes down what came of it. What its failed tries took counts. */
async function paidCall<Answer>(
  context: CallContext,
  call: LiveCall<Answer>,
): Promise<{ readonly answer: Answer; readonly usage: Usage }> {
  const { ledger, health, watch, journal } = context;
  const wait = () => health.pause ?? ledger.wait('reflection');
  for (let next = wait(); next !== undefined; next = wait()) await next;
  if (health.loss !== undefined) {
    throw new Interrupted({ reason: 'providerUnavailable', error: health.loss.error });
  }
  const hold = ledger.admit('reflection');
  if (typeof hold === 'string') throw new Interrupted({ reason: hold });
  await ledger.setAside(hold);
  const spent = new Spent();
  const startedAt = performance.now();
  const cost = (): Cost => ({
    hold: hold.number,
    usage: spent.usage,
    inDoubt: isNothing(hold.inDoubt) ? undefined : hold.inDoubt,
    retries: spent.retries || undefined,
    durationMs: Math.round(performance.now() - startedAt),
  });
  const tryOnce = async () => {
    try {
      const { answer, usage } = await watch.run(async (lazy) => {
        spent.current = new Try(lazy, { ledger, hold });
        return call.ask(spent.current);
      });
      return { answer, usage };
    } catch (error) {
      await pay(context, hold, spent, undefined);
      throw error;
    }
  };
  let answered: { readonly answer: Answer } | undefined;
  try {
    const { answer, usage } = await withRetry(tryOnce, retryPolicy(context, spent, hold));
    answered = { answer };
    await pay(context, hold, spent, usage);
    ledger.settle(hold, 'complete');
    await journal?.add(call.entryOf(answer, cost()));
    return { answer, usage: spent.usage };
  } catch (error) {
    const isKnown = error instanceof Interrupted || RunError.isInstance(error) || isUnbilled(error);
    ledger.settle(hold, isKnown ? 'failed' : 'givenUp');
    // An answer whose cost cannot be told was paid for all the same.
    if (answered !== undefined) await journal?.add(call.entryOf(answered.answer, cost()));
    else noteFailure(context, call, error, cost());
    throw error;
  }
}

/** Ends a try and pays for it. Throws what kept one of its model calls from being made. */
async function pay(
  { ledger }: CallContext,
  hold: Hold,
  spent: Spent,
  reported: Usage | undefined,
): Promise<void> {
  const { metered, refusal } = spent.current?.close() ?? {};
  const usage = metered ?? reported;
  if (usage !== undefined) {
    await ledger.waitForPrices(usage);
    try {
      spent.usage = addUsage(spent.usage, ledger.pay('reflection', usage, hold, metered !== undefined));
    } catch (error) {
      // It was spent, even where its cost cannot be told.
      spent.usage = addUsage(spent.usage, usage);
      throw error;
    }
  }
  if (refusal !== undefined) throw refusal;
}

/** A failure after which the run goes on is part of what decided it; any that cost something is part of the costs. */
function noteFailure(
  { journal, signal, health }: CallContext,
  { iteration, key }: Pick<LiveCall<never>, 'iteration' | 'key'>,
  error: unknown,
  { hold, usage, inDoubt, retries }: Cost,
): void {
  const isEnd =
    signal.aborted || health.loss !== undefined || error instanceof Interrupted || RunError.isInstance(error);
  if (isEnd && usage === noUsage && inDoubt === undefined) {
    if (hold !== undefined) void journal?.mark({ type: 'setAside', hold, ...nothing });
    return;
  }
  void journal?.add({
    type: 'unavailable',
    iteration,
    expense: 'reflection',
    key,
    message: messageOf(error),
    hold,
    usage: usage === noUsage ? undefined : usage,
    inDoubt,
    retries,
  });
}

function retryPolicy(
  { ledger, retry, signal, health, emit }: CallContext,
  spent: Spent,
  hold: Hold,
): RetryPolicy {
  return {
    options: retry,
    signal,
    health,
    onRetry(attempt, error) {
      spent.retries++;
      ledger.retry(hold, !isUnbilled(error));
      emit({ type: 'retried', what: 'reflection', attempt, message: messageOf(error) });
    },
    admit: () => ledger.admitAgain(hold),
  };
}
