import type { Adapter, Rollout } from '../adapter/adapter.ts';
import { takeEarlier } from '../budget/earlier-spend.ts';
import type { Ledger } from '../budget/ledger.ts';
import { expenseOf } from '../budget/spend.ts';
import { isNothing, nothing } from '../budget/spending-bounds.ts';
import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { messageOf } from '../calls/classify-error.ts';
import type { Interruption } from '../calls/interruption.ts';
import { type Journal, type Place, type RolloutEntry, rolloutKey } from '../journal/journal.ts';
import type { ExampleRef } from './examples.ts';
import type { Scored } from './rollout-cache.ts';
import type { RolloutContext, Spent } from './rollout-runner.ts';

/** What a rollout is of, in the journal's terms. */
export interface RolloutSubject<Example> {
  /** The number of the candidate's texts in the journal. */
  readonly number: number;
  readonly ref: ExampleRef<Example>;
  /** Tells the runs of a pair apart, where it may be run more than once. */
  readonly place: string | undefined;
  readonly context: RolloutContext;
}

/** A rollout of an earlier session, without what only the reflection model is shown. */
interface EarlierRollout<Example, Output, Trace> {
  readonly rollout: Rollout<Example, Output, Trace>;
  readonly place: Place;
  readonly usage: Usage;
  readonly durationMs: number;
}

/** Rollouts on their way to the journal and back. */
export class RolloutRecord<Example, Output, Trace> {
  readonly #journal: Journal;
  readonly #adapter: Pick<Adapter<Example, Output, Trace>, 'toPlain'>;
  readonly #ledger: Ledger;

  constructor(options: {
    readonly journal: Journal;
    readonly adapter: Pick<Adapter<Example, Output, Trace>, 'toPlain'>;
    readonly ledger: Ledger;
  }) {
    this.#journal = options.journal;
    this.#adapter = options.adapter;
    this.#ledger = options.ledger;
  }

  /** What an earlier session made of it. */
  take({
    number,
    ref,
    place,
  }: RolloutSubject<Example>):
    | EarlierRollout<Example, Output, Trace>
    | { readonly interruption: Interruption }
    | undefined {
    const taken = takeEarlier(this.#ledger, this.#journal, rolloutKey(number, ref.key, place));
    if (taken === undefined) return undefined;
    if (taken.entry.type === 'unavailable') {
      return { interruption: { reason: 'unavailable', error: new Error(taken.entry.message) } };
    }
    const { score, objectives, error, failedIn, durationMs, ...spent } = taken.entry as RolloutEntry;
    const { usage = noUsage, judgeUsage = noUsage } = spent;
    const said = { score, objectives, error, failedIn } as Pick<Rollout<Example, Output, Trace>, 'score'>;
    return {
      rollout: { example: ref.example, exampleId: ref.id, ...said },
      place: taken.place,
      usage: addUsage(usage, judgeUsage),
      durationMs,
    };
  }

  /** Where it stands, unless it could not be written down. */
  add(
    { number, ref, place, context }: RolloutSubject<Example>,
    rollout: Rollout<Example, Output, Trace>,
    spent: Spent,
    durationMs: number,
  ): Promise<Place | undefined> {
    const { score, objectives, feedback, componentFeedback, error, failedIn, output, trace } = rollout;
    const execution = {
      ...(output === undefined ? {} : { output }),
      ...(trace === undefined ? {} : { trace }),
    };
    return this.#journal.add({
      type: 'rollout',
      iteration: context.iteration,
      phase: context.phase,
      candidate: number,
      example: ref.key,
      exampleId: ref.id,
      place,
      score,
      objectives,
      feedback,
      componentFeedback,
      error,
      failedIn,
      ...(this.#adapter.toPlain?.(execution) ?? execution),
      ...costOf(spent),
      durationMs: Math.round(durationMs),
    });
  }

  addFailure({ number, ref, place, context }: RolloutSubject<Example>, error: unknown, spent: Spent): void {
    void this.#journal.add({
      type: 'unavailable',
      iteration: context.iteration,
      expense: expenseOf(context.phase),
      key: rolloutKey(number, ref.key, place),
      message: messageOf(error),
      ...costOf(spent),
    });
  }

  /** It came to no end, and cost nothing. */
  addNothing({ account }: Spent): void {
    const hold = account?.hold.number;
    if (hold !== undefined) void this.#journal.mark({ type: 'setAside', hold, ...nothing });
  }

  /** With everything the reflection model may be shown. */
  whole({ place, ...rollout }: Scored<Example, Output, Trace>): Rollout<Example, Output, Trace> {
    if (place === undefined) return rollout;
    return { ...rollout, ...(this.#journal.detailsAt(place) as Partial<Rollout<Example, Output, Trace>>) };
  }
}

/** The same for the same rollout in every session. */
export function placeOf({ iteration, phase, task = 0 }: RolloutContext, position: number): string {
  return `${iteration}.${phase}.${task}.${position}`;
}

function costOf({ usage, judgeUsage, inDoubt, retries, account }: Spent) {
  return {
    hold: account?.hold.number,
    inDoubt: isNothing(inDoubt) ? undefined : inDoubt,
    usage: usage === noUsage ? undefined : usage,
    judgeUsage: judgeUsage === noUsage ? undefined : judgeUsage,
    retries: retries === 0 ? undefined : retries,
  };
}
