import type { AnyRollout } from '../../adapter/any.ts';
import type { Usage } from '../../budget/usage.ts';
import type { CallEnvironment } from '../../calls/call.ts';
import { pause } from '../../calls/pause.ts';
import type { CallOutcome } from '../../calls/run-call.ts';
import { type Candidate, candidateKey } from '../../component.ts';
import type { Interruption } from '../../interruption.ts';
import type { JournalPosition, RolloutDetails } from '../../journal/journal.ts';
import type { Mask } from '../../masking/mask.ts';
import type { ExampleRef } from './examples.ts';
import { ImageMemory } from './image-memory.ts';

/** A rollout as it is kept. Details that only a reflection reads may be on disk instead: see `KnownRollouts.complete`. */
export interface Scored extends Measured {
  readonly position?: JournalPosition;
  /** The same, of a rollout of another run. */
  readonly readDetails?: () => RolloutDetails;
  /** Where its images are in the `ImageMemory`. */
  readonly imagesAt?: number;
}

/** A rollout with what it took. */
export interface Measured extends AnyRollout {
  /** Program and judge. */
  readonly usage: Usage;
  readonly durationMs: number;
}

export type Outcome = Scored | { readonly interruption: Interruption };

/** The rollouts of one candidate by example, those in progress as promises. */
export type RolloutsOfCandidate = Map<number, Scored | Promise<Outcome>>;

export interface KnownRolloutsOptions<Name extends string> {
  readonly calls: CallEnvironment;
  readonly names: readonly Name[];
  /** Whether rollouts are known by candidate and example, so that none is made twice. */
  readonly cache: boolean;
  /** Whether the reflection model may read rollouts on the example, so that their traces are kept. */
  readonly isReflectedOn: (exampleKey: number) => boolean;
  /** Whether the reflection model reads images, so that those of its calls are kept. */
  readonly readsImages: boolean;
  /** Masks texts like the journal does. */
  readonly mask: Mask;
}

/** The rollouts of a run: what of them stays in memory, and how the rest is read back. */
export class KnownRollouts<Name extends string> {
  readonly #options: KnownRolloutsOptions<Name>;
  /** By candidate, then by example. */
  readonly #rollouts = new Map<string, RolloutsOfCandidate>();
  readonly #images = new ImageMemory();

  constructor(options: KnownRolloutsOptions<Name>) {
    this.#options = options;
  }

  /** The rollouts of a candidate; `undefined` without a cache. */
  of(candidate: Candidate<Name>): RolloutsOfCandidate | undefined {
    return this.#options.cache ? this.#of(candidateKey(this.#options.names, candidate)) : undefined;
  }

  /**
   * Adds a rollout of an earlier run, which is then not made.
   *
   * @param candidate its key: see `candidateKey`.
   */
  add(candidate: string, { key }: ExampleRef, rollout: Scored): void {
    if (!this.#options.cache) return;
    const known = this.#of(candidate);
    if (!known.has(key)) known.set(key, rollout);
  }

  #of(candidate: string): RolloutsOfCandidate {
    const known = this.#rollouts.get(candidate) ?? new Map();
    this.#rollouts.set(candidate, known);
    return known;
  }

  /** What stays in memory of a rollout: not what is on disk, and not what no reflection will read. */
  remember(outcome: CallOutcome<AnyRollout>, { key }: ExampleRef): Scored {
    const { value: rollout, position, isReplayed, usage } = outcome;
    const { isReflectedOn, readsImages, mask } = this.#options;
    const { images } = rollout;
    const isRead = isReflectedOn(key);
    const imagesAt = images !== undefined && isRead && readsImages ? this.#images.add(images) : undefined;
    const durationMs = Math.round(outcome.durationMs);
    if (isRead && position === undefined) {
      return { ...rollout, images: undefined, usage, durationMs, imagesAt };
    }
    const { example, exampleId, score, repeatScore, objectives, unread, error, failedIn, isHopeless } =
      rollout;
    const always = { example, exampleId, score, usage, durationMs };
    const rarely = {
      repeatScore,
      objectives,
      unread,
      // The masked text, because a resumed run reads only that.
      error: position === undefined || isReplayed ? error : (mask.data(error) as string | undefined),
      failedIn,
      isHopeless,
      imagesAt,
      position: isRead ? position : undefined,
    };
    // Fields take memory, also those that are undefined.
    return Object.values(rarely).some((value) => value !== undefined) ? { ...always, ...rarely } : always;
  }

  /** Rollouts with every detail that the reflection model may read. */
  async complete(rollouts: readonly Scored[]): Promise<Measured[]> {
    const { journal } = this.#options.calls;
    const complete: Measured[] = [];
    for (const { position, readDetails, imagesAt, ...rollout } of rollouts) {
      await pause();
      const details = readDetails?.() ?? (position && journal!.detailsAt(position));
      const images = imagesAt === undefined ? undefined : this.#images.get(imagesAt);
      complete.push({ ...rollout, ...(details as Partial<AnyRollout> | undefined), images });
    }
    return complete;
  }

  /** The first of the examples that the candidate is known to score at least `score` on; nothing is run. */
  async success(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef[],
    score: number,
  ): Promise<AnyRollout | undefined> {
    const known = this.of(candidate);
    for (const { key } of known === undefined ? [] : examples) {
      const rollout = known!.get(key);
      if (rollout === undefined || rollout instanceof Promise || rollout.error !== undefined) continue;
      if (rollout.score >= score) return (await this.complete([rollout]))[0];
    }
    return undefined;
  }
}
