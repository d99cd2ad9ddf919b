import type { Adapter, ProposeRequest, ReflectiveRecord, Rollout } from '../adapter/adapter.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import { messageOf } from '../calls/classify-error.ts';
import { Interrupted } from '../calls/interruption.ts';
import { Watch } from '../calls/timeout.ts';
import type { Candidate } from '../component.ts';
import { RolloutTimeoutError, RunError } from '../errors.ts';
import type { LanguageModel } from '../language-model.ts';
import { type Redact, redacted } from '../redact.ts';
import { checkText } from './guard.ts';
import { type CallContext, paidAnswer, proposedTexts } from './paid-calls.ts';
import { toPlain } from './plain.ts';
import type { Proposal, ProposalRequest, Proposer } from './proposer.ts';
import { defaultRecords } from './records.ts';
import { reflect } from './reflect.ts';
import { renderRecords } from './render.ts';

export interface MutationOptions<Example, Output, Trace, Name extends string>
  extends Omit<CallContext, 'watch'> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly model: LanguageModel | undefined;
  /** A proposer of the caller's own, in place of the model. */
  readonly propose: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters: number | undefined;
  /** Masks what is shown of rollouts. */
  readonly redact: Redact | undefined;
  readonly stopwatch: Stopwatch;
  /** The most milliseconds for one call. */
  readonly timeoutMs: number | undefined;
}

type Context<Example, Output, Trace, Name extends string> = MutationOptions<Example, Output, Trace, Name> &
  CallContext;

/** Rewrites components from what the traces and the metric say of them (paper, section 3.2). */
export function reflectiveMutation<Example, Output, Trace, Name extends string>(
  options: MutationOptions<Example, Output, Trace, Name>,
): Proposer<Example, Output, Trace, Name> {
  const { signal, timeoutMs } = options;
  const timeoutError = () => new RolloutTimeoutError(`The proposer did not answer within ${timeoutMs} ms.`);
  const watch = new Watch({ signal, timeoutMs, timeoutError });
  const context = { ...options, watch };
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
  const settled = await Promise.allSettled(
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
          shownRecords(options, request, name),
          maxRecordCharacters === undefined ? {} : { maxCharacters: maxRecordCharacters },
        ),
        ...(template === undefined ? {} : { template }),
        call: (prompt) =>
          paidAnswer(options, { iteration, task, component: name, attempt: attempt++, prompt }, model!),
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
  // Not before all have ended: what the others took would be in no sum.
  const answers = settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
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
    records[name] = shownRecords(options, request, name);
  }
  const { candidate, components } = request;
  const { texts } = await proposedTexts(options, request, ({ signal, meter }) =>
    propose({ candidate, components, records, signal, meter }),
  );
  const kept: Partial<Record<Name, string>> = {};
  for (const name of components) {
    const text = texts[name];
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

function shownRecords<Example, Output, Trace, Name extends string>(
  { adapter, redact }: Pick<MutationOptions<Example, Output, Trace, Name>, 'adapter' | 'redact'>,
  { candidate, rollouts }: ProposalRequest<Example, Output, Trace, Name>,
  component: Name,
): readonly ReflectiveRecord[] {
  const records = recordsFor(adapter, candidate, component, rollouts);
  return redact === undefined
    ? records
    : records.map((record) => redacted(toPlain(record), redact) as ReflectiveRecord);
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
