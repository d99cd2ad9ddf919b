import type { Adapter, ProposeRequest, ReflectiveRecord, Rollout } from '../adapter/adapter.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import type { Usage } from '../budget/usage.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { messageOf } from '../calls/classify-error.ts';
import { Interrupted } from '../calls/interruption.ts';
import { runCall } from '../calls/run-call.ts';
import { type Candidate, ownValue, recordOf } from '../component.ts';
import { type ProposalEntry, proposalKey, type ReflectionEntry, reflectionKey } from '../journal/journal.ts';
import { type LanguageModel, type LanguageModelAnswer, normalizeAnswer } from '../language-model.ts';
import type { Mask } from '../redact.ts';
import { checkText } from './guard.ts';
import type { Proposal, ProposalRequest, Proposer } from './proposer.ts';
import { defaultRecords } from './records.ts';
import { reflect } from './reflect.ts';
import { renderRecords } from './render.ts';

export interface ProposeOptions<Example, Output, Trace, Name extends string> {
  readonly run: CallEnvironment;
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly model: LanguageModel | undefined;
  /** The caller's own proposer, instead of the model. */
  readonly propose: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters: number | undefined;
  /** Masks texts in records. */
  readonly mask: Mask;
  readonly stopwatch: Stopwatch;
}

/** The second of the search's two effects: rewrites components by reading traces and feedback (paper, section 3.2). */
export function createProposer<Example, Output, Trace, Name extends string>(
  options: ProposeOptions<Example, Output, Trace, Name>,
): Proposer<Example, Output, Trace, Name> {
  const { stopwatch, model, propose } = options;
  return async (request) => {
    stopwatch.start('reflection');
    try {
      return propose === undefined
        ? await askModel(options, model!, request)
        : await askProposer(options, propose, request);
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

/** Asks the model about each component. */
async function askModel<Example, Output, Trace, Name extends string>(
  options: ProposeOptions<Example, Output, Trace, Name>,
  model: LanguageModel,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Promise<Proposal<Name>> {
  const settled = await Promise.allSettled(
    request.components.map(async (name) => ({
      name,
      reflection: await reflectOn(options, model, request, name),
    })),
  );
  // Only when all have ended, so that the spend of each is counted.
  const answers = settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const texts = Object.fromEntries(
    answers.flatMap(({ name, reflection }) => ('text' in reflection ? [[name, reflection.text]] : [])),
  ) as Partial<Record<Name, string>>;
  if (Object.keys(texts).length > 0) return { texts };
  const rejected = answers.map(({ reflection }) => reflection).find((reflection) => 'rejected' in reflection);
  return rejected ?? noText(request);
}

async function reflectOn<Example, Output, Trace, Name extends string>(
  options: ProposeOptions<Example, Output, Trace, Name>,
  model: LanguageModel,
  request: ProposalRequest<Example, Output, Trace, Name>,
  name: Name,
) {
  const { run, adapter, templates, maxRecordCharacters } = options;
  const { iteration, task, candidate } = request;
  const startedAt = performance.now();
  const template =
    typeof templates === 'string'
      ? templates
      : ownValue<string>(templates as Readonly<Record<string, string>> | undefined, name);
  const limits = maxRecordCharacters === undefined ? {} : { maxCharacters: maxRecordCharacters };
  let attempt = 0;
  const masked = await maskedRecords(options, request, name);
  const reflection = await reflect({
    name,
    component: adapter.components[name],
    currentText: candidate[name],
    records: await run.pace.step(() => renderRecords(masked, limits)),
    ...(template === undefined ? {} : { template }),
    call: (prompt) => askOnce(run, model, { iteration, task, component: name, attempt: attempt++, prompt }),
  });
  run.dispatch({
    type: 'reflection_finished',
    iteration,
    task,
    component: name,
    text: 'text' in reflection ? reflection.text : undefined,
    usage: reflection.usage,
    durationMs: performance.now() - startedAt,
  });
  return reflection;
}

type Question = Pick<ReflectionEntry, 'iteration' | 'task' | 'component' | 'attempt' | 'prompt'>;

/** One paid question to the reflection model. */
async function askOnce(
  run: CallEnvironment,
  model: LanguageModel,
  question: Question,
): Promise<LanguageModelAnswer & { readonly usage: Usage }> {
  const { iteration, task, component, attempt, prompt } = question;
  const outcome = await runCall<LanguageModelAnswer>(run, {
    kind: 'reflection',
    phase: 'reflection',
    iteration,
    key: reflectionKey(iteration, task, component, attempt),
    perform: (attemptCall) =>
      attemptCall(
        { name: 'The reflection model', usageOf: ({ usage }: LanguageModelAnswer) => usage },
        async (context) => normalizeAnswer(await model({ prompt, ...context })),
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
  propose: (request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Promise<Proposal<Name>> {
  const { run, adapter } = options;
  const { candidate, components, iteration, task } = request;
  const masked = new Map<Name, readonly ReflectiveRecord[]>();
  for (const name of components) masked.set(name, await maskedRecords(options, request, name));
  const records = recordOf(components, (name) => masked.get(name)!);

  const outcome = await runCall<Partial<Record<Name, string>>>(run, {
    kind: 'reflection',
    phase: 'reflection',
    iteration,
    key: proposalKey(iteration, task),
    perform: (attempt) =>
      attempt({ name: 'The proposer', usageOf: () => undefined }, async (context) =>
        readProposal(await propose({ candidate, components, records, ...context }), components),
      ),
    entryOf: (texts, durationMs) => ({ type: 'proposal', iteration, task, texts, durationMs }),
    replayed: (entry) => (entry as ProposalEntry).texts as Partial<Record<Name, string>>,
  });
  if ('interruption' in outcome) throw new Interrupted(outcome.interruption);

  const texts = new Map<Name, string>();
  for (const name of components) {
    const text = ownValue<string>(outcome.value as Readonly<Record<string, string>>, name);
    if (text === undefined) continue;
    const component = adapter.components[name];
    const fault = checkText({ name, component, text, currentText: candidate[name] });
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

/** The records as plain data, which those of a resumed run are made from too. After an abort, only some of them. */
async function maskedRecords<Example, Output, Trace, Name extends string>(
  { adapter, mask, run }: Pick<ProposeOptions<Example, Output, Trace, Name>, 'adapter' | 'mask' | 'run'>,
  { candidate, rollouts }: ProposalRequest<Example, Output, Trace, Name>,
  component: Name,
): Promise<readonly ReflectiveRecord[]> {
  const masked: ReflectiveRecord[] = [];
  for (const record of recordsFor(adapter, candidate, component, rollouts)) {
    masked.push(await run.pace.step(() => mask.data(record) as ReflectiveRecord));
    if (run.signal.aborted) break;
  }
  return masked;
}

/** The records of rollouts for one component: the adapter's own, or else the default ones. */
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
