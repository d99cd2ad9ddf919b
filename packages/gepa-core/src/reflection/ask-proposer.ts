import type { ProposeRequest, ReflectiveRecord } from '../adapter/adapter.ts';
import { runCall } from '../calls/run-call.ts';
import { type Candidate, ownValue, recordOf } from '../component.ts';
import { Interrupted } from '../interruption.ts';
import { type ProposalEntry, proposalKey } from '../journal/journal.ts';
import type { RefusedTexts } from '../rejection.ts';
import { checkText } from '../text/check-text.ts';
import { recordsFor } from './prompt/requests.ts';
import {
  noText,
  type Proposal,
  type ProposalRequest,
  type ProposeOptions,
  refusedText,
  type SharedByProposals,
} from './proposer.ts';

/** Asks the caller's own proposer for all components at once. */
export async function askProposer<Name extends string>(
  options: ProposeOptions<Name>,
  { semaphore }: SharedByProposals,
  propose: (request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>,
  request: ProposalRequest<Name>,
): Promise<Proposal<Name>> {
  const { calls, adapter, memory, checkLimits } = options;
  const { candidate, components, iteration, task, proposal, parent } = request;
  const byName = new Map<Name, readonly ReflectiveRecord[]>();
  for (const name of components) {
    byName.set(name, await recordsFor({ ...options, ...request }, name));
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
    other: request.other,
  };

  calls.dispatch({ type: 'reflection_started', iteration, task, components });
  const outcome = await runCall<Partial<Record<Name, string>>>(calls, {
    kind: 'reflection',
    phase: 'reflection',
    iteration,
    semaphore,
    key: proposalKey(iteration, task),
    perform: (attempt) =>
      attempt({ name: 'The proposer', usageOf: () => undefined }, async (context) =>
        readProposal(await propose({ ...given, ...context }), components, Object.keys(adapter.components)),
      ),
    entryOf: (texts, durationMs) => ({
      type: 'proposal',
      iteration,
      task,
      proposal,
      texts,
      durationMs,
    }),
    replayed: (entry) => (entry as ProposalEntry).texts as Partial<Record<Name, string>>,
  });
  if ('interruption' in outcome) throw new Interrupted(outcome.interruption);
  calls.dispatch({
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
      (await checkLimits({ name, text, currentText, isLast: true }));
    if (fault !== undefined) {
      const rejected = { reason: fault.problem, message: fault.message };
      const refused = { [name]: { ...rejected, text: refusedText(text) } } as RefusedTexts<Name>;
      return { rejected: { ...rejected, refused } };
    }
    texts.set(name, text);
  }
  if (texts.size === 0) return noText(request);
  return { texts: Object.fromEntries(texts) as Partial<Record<Name, string>> };
}

/**
 * The texts that a proposer returned for the requested components. It may return those of others too.
 *
 * @throws {TypeError} when it returned anything else than texts by component.
 */
function readProposal<Name extends string>(
  returned: unknown,
  components: readonly Name[],
  known: readonly string[],
) {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    const what = returned === undefined || returned === null ? 'nothing' : `a ${typeof returned}`;
    throw new TypeError(`The proposer returned ${what}. Return an object of new texts by component.`);
  }
  const unknown = Object.keys(returned).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `The proposer returned a text for "${unknown}", which is no component. The requested ones are ${components.join(', ')}.`,
    );
  }
  const texts = new Map<Name, string>();
  for (const name of components) {
    const text = ownValue(returned as Readonly<Record<string, unknown>>, name);
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
