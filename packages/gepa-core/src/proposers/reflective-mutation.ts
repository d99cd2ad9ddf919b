import type { Adapter, ProposeRequest, ReflectiveRecord, Rollout } from '../adapter.ts';
import type { Candidate } from '../component.ts';
import { messageOf } from '../effects/failures.ts';
import type { Interruption } from '../effects/interruption.ts';
import type { Ledger } from '../effects/ledger.ts';
import { type RetryOptions, withRetry } from '../effects/retry.ts';
import { Watch } from '../effects/watch.ts';
import { RolloutTimeoutError, RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';
import { checkText } from '../reflection/guard.ts';
import { defaultRecords } from '../reflection/records.ts';
import { reflect } from '../reflection/reflect.ts';
import { renderRecords } from '../reflection/render.ts';
import { noUsage, type Usage } from '../usage.ts';
import type { Proposal, ProposalRequest, Proposer } from './proposer.ts';

export interface MutationOptions<Example, Output, Trace, Name extends string> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly model: LanguageModel | undefined;
  /** A proposer of the caller's own, in place of the model. */
  readonly propose: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters: number | undefined;
  readonly ledger: Ledger;
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
  'ledger' | 'retry' | 'signal' | 'watch' | 'emit' | 'turn'
>;

/** Rewrites components from what the traces and the metric say of them (paper, section 3.2). */
export function reflectiveMutation<Example, Output, Trace, Name extends string>(
  options: MutationOptions<Example, Output, Trace, Name>,
): Proposer<Example, Output, Trace, Name> {
  const { signal, timeoutMs } = options;
  const timeoutError = () => new RolloutTimeoutError(`The proposer did not answer within ${timeoutMs} ms.`);
  const watch = new Watch({ signal, timeoutMs, timeoutError });
  const context = { ...options, watch, turn: { first: undefined } };
  return async (request) => {
    try {
      return options.propose === undefined
        ? await askModel(context, request)
        : await askCaller(context, options.propose, request);
    } catch (error) {
      if (options.signal.aborted) return { interruption: { reason: 'aborted' } };
      if (error instanceof Refused) return { interruption: error.interruption };
      if (RunError.isInstance(error)) throw error;
      return { rejected: { reason: 'proposer_failed', message: messageOf(error), error } };
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
      const reflection = await reflect({
        name,
        component: adapter.components[name],
        currentText: request.candidate[name],
        records: renderRecords(
          recordsFor(adapter, request.candidate, name, request.rollouts),
          maxRecordCharacters === undefined ? {} : { maxCharacters: maxRecordCharacters },
        ),
        ...(template === undefined ? {} : { template }),
        call: (prompt) => paidCall(options, (signal) => model!({ prompt, signal })),
      });
      emit({
        type: 'reflection_finished',
        iteration: request.iteration,
        task: request.task,
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
  const { adapter, retry, signal, watch } = options;
  const records = {} as Record<Name, readonly ReflectiveRecord[]>;
  for (const name of request.components) {
    records[name] = recordsFor(adapter, request.candidate, name, request.rollouts);
  }
  const { candidate, components } = request;
  const texts = await withRetry(
    () => watch.run(async (lazy) => propose({ candidate, components, records, signal: lazy.signal })),
    { options: retry, signal, onRetry: onRetry(options) },
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

function recordsFor<Example, Output, Trace, Name extends string>(
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

/** A call that no bound allows any more. */
class Refused extends Error {
  readonly interruption: Interruption;
  constructor(interruption: Interruption) {
    super(interruption.reason);
    this.interruption = interruption;
  }
}

/** Under a bound on cost the first call is made alone, to learn what one costs. */
async function paidCall(
  context: CallContext,
  ask: (signal: AbortSignal) => ReturnType<LanguageModel>,
): Promise<LanguageModelAnswer & { usage: Usage }> {
  const { ledger, turn } = context;
  while (turn.first !== undefined) await turn.first;
  const call = admittedCall(context, ask);
  if (ledger.mustLearnCost('reflection')) {
    const done = () => {
      turn.first = undefined;
    };
    turn.first = call.then(done, done);
  }
  return call;
}

async function admittedCall(
  context: CallContext,
  ask: (signal: AbortSignal) => ReturnType<LanguageModel>,
): Promise<LanguageModelAnswer & { usage: Usage }> {
  const { ledger, retry, signal, watch } = context;
  const admission = ledger.admit('reflection');
  if (admission !== 'admitted') throw new Refused({ reason: admission });
  let usage: Usage | undefined;
  try {
    const call = () => watch.run(async (lazy) => ask(lazy.signal));
    const policy = { options: retry, signal, onRetry: onRetry(context) };
    const answer = normalizeAnswer(await withRetry(call, policy));
    usage = ledger.price('reflection', answer.usage);
    return { ...answer, usage };
  } finally {
    ledger.settle('reflection', {
      scored: false,
      complete: usage !== undefined,
      usage: usage ?? noUsage,
    });
  }
}

function onRetry({ ledger, emit }: { ledger: Ledger; emit: (event: ProgressEvent) => void }) {
  return (attempt: number, error: unknown) => {
    ledger.retries++;
    emit({ type: 'retried', what: 'reflection', attempt, message: messageOf(error) });
  };
}
