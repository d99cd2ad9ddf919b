import type { TriedText } from '../adapter/experience.ts';
import { noUsage } from '../budget/usage.ts';
import { type Candidate, candidateKey } from '../component.ts';
import { GepaError, RunDirectoryError } from '../errors.ts';
import type { DecisionEvent } from '../events.ts';
import {
  exampleDigest,
  type Fingerprint,
  type ProgramIdentity,
  programChanges,
} from '../journal/fingerprint.ts';
import type { JournalPosition, RolloutDetails } from '../journal/journal.ts';
import { readJournal } from '../journal/journal-lines.ts';
import { linesFrom } from '../journal/lines-from.ts';
import { builtin } from '../node/builtin.ts';
import { triedTexts } from '../reflection/memory/history.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import type { Scored } from '../search/evaluation/known-rollouts.ts';
import { SearchState } from '../search/state/state.ts';

/** The maximum number of candidates that join the next run. */
const MAX_CANDIDATES = 5;

/** The end of every message about a run that cannot be continued. */
const advice = 'Give the directory of a run with the same components, or leave `continueFrom` out.';

interface KnownRollout {
  readonly score: number;
  readonly objectives?: Readonly<Record<string, number>>;
  readonly unread?: readonly string[];
  readonly durationMs: number;
  readonly position: JournalPosition;
}

/** The directory of an earlier run as the next run uses it: the best candidates, the rollouts, the texts that were tried. */
export class EarlierRun<Name extends string = string> {
  /** The state at the end of the earlier run. */
  readonly state: SearchState<Name>;
  /** The best candidate, then those of the frontier from the best on, without the seed; at most five. */
  readonly candidates: readonly Candidate<Name>[];
  /** Why its rollouts do not count for the present program, each as a clause. */
  readonly changes: readonly string[];
  /** The run that the earlier run continued, if its directory still exists. */
  readonly #before: EarlierRun<Name> | undefined;
  readonly #path: string;
  readonly #names: readonly Name[];
  readonly #sets: { readonly [set in 'trainset' | 'valset' | 'testset']: readonly string[] };
  /** By candidate, then by the digest of the example. */
  readonly #rollouts = new Map<string, Map<string, KnownRollout>>();

  constructor(
    path: string,
    names: readonly Name[],
    now: { readonly program: ProgramIdentity; readonly metric: string },
  ) {
    this.#path = `${path}/journal.jsonl`;
    this.#names = names;
    try {
      const { fingerprint, changes } = this.#readJournal(now);
      this.changes = changes;
      const { trainset, valset, testset } = fingerprint;
      this.#sets = {
        trainset: trainset.examples ?? [],
        valset: valset.examples ?? [],
        testset: testset.examples ?? [],
      };
      this.state = stateOf<Name>(`${path}/events.jsonl`);
      this.#before = before(fingerprint, names, now);
    } catch (error) {
      if (GepaError.isInstance(error)) throw error;
      throw new RunDirectoryError(
        `The earlier run in ${path} cannot be read: ${(error as Error).message}. ${advice}`,
        { cause: error },
      );
    }
    this.candidates = bestOf(this.state).map((index) => this.state.candidates[index]!.texts);
  }

  /** The rollouts on some examples, with the keys of their candidates. */
  *rolloutsOn(refs: readonly ExampleRef[]): Generator<{
    readonly candidate: string;
    readonly ref: ExampleRef;
    readonly rollout: Scored;
  }> {
    if (this.#before !== undefined) yield* this.#before.rolloutsOn(refs);
    if (this.changes.length > 0) return;
    const byDigest = new Map<string, ExampleRef>();
    for (const ref of refs) {
      const digest = exampleDigest(ref.example);
      if (digest !== undefined && !byDigest.has(digest)) byDigest.set(digest, ref);
    }
    for (const [candidate, known] of this.#rollouts) {
      for (const [digest, { position, ...rollout }] of known) {
        const ref = byDigest.get(digest);
        if (ref === undefined) continue;
        const { example, id: exampleId } = ref;
        const readDetails = () => this.#detailsAt(position);
        yield { candidate, ref, rollout: { ...rollout, example, exampleId, usage: noUsage, readDetails } };
      }
    }
  }

  /**
   * The texts that the earlier run tried for a component of a candidate and of its ancestors, and did not keep. Empty when
   * it did not have the candidate.
   *
   * @param positions of the present trainset, by the digest of the example.
   */
  tried(texts: Candidate<Name>, component: Name, positions: ReadonlyMap<string, number>): TriedText[] {
    const key = candidateKey(this.#names, texts);
    const known = this.state.candidates.find(
      (candidate) => candidateKey(this.#names, candidate.texts) === key,
    );
    if (known === undefined) return [];
    return triedTexts(this.state, known.index, component)
      .filter(({ candidate }) => candidate === undefined)
      .map(({ scores, ...tried }) => ({
        ...tried,
        isOfEarlierRun: true,
        scores: scores.flatMap((score) => {
          const example = positions.get(this.#sets.trainset[score.example] ?? '');
          return example === undefined ? [] : [{ ...score, example }];
        }),
      }));
  }

  /** The number of examples that the earlier run used in its trainset or valset. */
  used(refs: readonly ExampleRef[]): number {
    const used = new Set([...this.#sets.trainset, ...this.#sets.valset].filter((digest) => digest !== ''));
    return refs.filter(({ example }) => used.has(exampleDigest(example) ?? '')).length;
  }

  #readJournal(now: { readonly program: ProgramIdentity; readonly metric: string }): {
    fingerprint: Fingerprint;
    changes: string[];
  } {
    let fingerprint: Fingerprint | undefined;
    let program: ProgramIdentity = {};
    let digests: readonly string[] = [];
    const texts = new Map<number, string>();
    readJournal(this.#path, {
      header: (header) => {
        fingerprint = header.fingerprint;
        digests = digestsByNumber(fingerprint);
      },
      line: (line, position) => {
        if (line.type === 'texts') texts.set(line.textsId, candidateKey(this.#names, line.texts));
        if (line.type === 'session') program = line.program;
        if (line.type !== 'rollout' || line.occurrence !== undefined || line.failedIn !== undefined) return;
        const [candidate, digest] = [texts.get(line.textsId), digests[line.example]];
        if (candidate === undefined || digest === undefined) return;
        const known = this.#rollouts.get(candidate) ?? new Map<string, KnownRollout>();
        this.#rollouts.set(candidate, known);
        const { score, objectives, unread, durationMs } = line;
        known.set(digest, { score, objectives, unread, durationMs, position });
      },
    });
    if (fingerprint === undefined) throw new Error('its journal is empty');
    const changes = programChanges(program, now.program);
    if (fingerprint.metric !== now.metric) changes.push('the source of the metric has changed');
    return { fingerprint, changes };
  }

  #detailsAt({ offset, length }: JournalPosition): RolloutDetails {
    const fs = builtin('node:fs', 'leave `continueFrom` out.');
    const file = fs.openSync(this.#path, 'r');
    try {
      const bytes = new Uint8Array(length);
      fs.readSync(file, bytes, 0, length, offset);
      const { output, trace, feedback, componentFeedback } = JSON.parse(new TextDecoder().decode(bytes));
      return { output, trace, feedback, componentFeedback };
    } finally {
      fs.closeSync(file);
    }
  }
}

function before<Name extends string>(
  { continueFrom }: Fingerprint,
  names: readonly Name[],
  now: { readonly program: ProgramIdentity; readonly metric: string },
): EarlierRun<Name> | undefined {
  const isThere =
    continueFrom !== undefined &&
    builtin('node:fs', 'leave `continueFrom` out.').existsSync(`${continueFrom}/journal.jsonl`);
  return isThere ? new EarlierRun<Name>(continueFrom, names, now) : undefined;
}

/** The digests of examples by their number in the journal. Equal examples have one number, in the order of the sets. */
function digestsByNumber({ trainset, valset, testset }: Fingerprint): readonly string[] {
  const all = [trainset, valset, testset].flatMap(({ examples = [] }) => examples);
  // An example that is not plain data has its own number, but no digest.
  return all.includes('') ? [] : [...new Set(all)];
}

function stateOf<Name extends string>(path: string): SearchState<Name> {
  const state = new SearchState<Name>();
  const decoder = new TextDecoder();
  for (const { bytes, isLast } of linesFrom(path)) {
    let event: DecisionEvent<Name>;
    try {
      event = JSON.parse(decoder.decode(bytes));
    } catch (error) {
      if (isLast) break;
      throw error;
    }
    state.apply(event);
  }
  if (state.candidates.length === 0) throw new Error('it has no candidate');
  return state;
}

function bestOf(state: SearchState): number[] {
  const frontier = state
    .survivors()
    .map(({ candidate }) => candidate)
    .sort((a, b) => state.partMean(b) - state.partMean(a));
  const indices = [...new Set([state.bestIndex, ...frontier])];
  return indices.filter((index) => index !== 0).slice(0, MAX_CANDIDATES);
}
