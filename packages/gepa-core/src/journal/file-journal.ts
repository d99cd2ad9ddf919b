import type { Amount } from '../budget/amount.ts';
import type { TimeSpent } from '../budget/spend.ts';
import { pause } from '../calls/pause.ts';
import { type Candidate, candidateKey } from '../component.ts';
import { RunDirectoryMismatchError } from '../errors.ts';
import type { Mask } from '../masking/mask.ts';
import { builtin } from '../node/builtin.ts';
import { messageOf, sentence } from '../text/error-message.ts';
import { AppendFile } from './append-file.ts';
import type { EvaluationDescription, SessionDescription } from './describe-run.ts';
import { EarlierCalls, EarlierReservations, EarlierTime } from './earlier-sessions.ts';
import { differences, type Fingerprint, type ProgramIdentity, programChanges } from './fingerprint.ts';
import type {
  CallEntry,
  EarlierEntry,
  Journal,
  JournalPosition,
  KnownEntry,
  MarkEntry,
  RolloutDetails,
} from './journal.ts';
import { format, type Header, readJournal, version } from './journal-lines.ts';

export interface FileJournalOptions {
  readonly fingerprint: Fingerprint;
  readonly program: ProgramIdentity;
  /** A description of the session, for people and tools. */
  readonly about: SessionDescription;
  /** The names of the components, in order. */
  readonly names: readonly string[];
  readonly mask: Mask;
  readonly maxMetricCalls: number | undefined;
  /** The candidates and repeats of an evaluation; undefined for a search. */
  readonly evaluation: EvaluationDescription | undefined;
  readonly note: (message: string) => void;
  readonly warn: (message: string) => void;
  /** Called once when nothing more can be written. */
  readonly onFailure: () => void;
}

/** Shorter lines are converted in one step. */
const LONG_LINE = 100_000;

/** The fields that are masked. Not candidates and the model's answers, since the search is replayed from them. */
const masked: { readonly [type in CallEntry['type']]?: readonly string[] } = {
  rollout: ['exampleId', 'feedback', 'componentFeedback', 'error', 'output', 'trace'],
  reflection: ['prompt'],
  unavailable: ['message'],
};

/** The long fields. They come last in a line, so that a reader of the other fields need not parse them. */
const mayBeLong: readonly string[] = [
  'error',
  'feedback',
  'componentFeedback',
  'output',
  'trace',
  'prompt',
  'answer',
];

/** A journal as a file of JSON lines. */
export class FileJournal implements Journal {
  readonly runId: string;
  readonly earlierTime: TimeSpent;
  readonly earlierUncertain: Amount;
  readonly plannedMetricCalls: number | undefined;
  readonly programChanges: string[] = [];
  readonly #path: string;
  readonly #options: FileJournalOptions;
  readonly #file: AppendFile;
  readonly #elapsedBefore: number;
  readonly #openedAt = performance.now();
  readonly #earlier = new EarlierCalls();
  readonly #textsIds = new Map<string, number>();
  /** Not the size of the map: a deleted line leaves a gap, and other lines may refer to its number. */
  #nextTextsId = 0;
  #written = { rollouts: 0, reflections: 0 };
  #hasFailed = false;

  constructor(path: string, options: FileJournalOptions) {
    this.#path = path;
    this.#options = options;
    const { header, size, time, reservations, planned } = this.#load();
    this.runId = header?.runId ?? crypto.randomUUID();
    this.earlierTime = time.spent;
    this.earlierUncertain = reservations.uncertain;
    this.plannedMetricCalls = planned;
    this.#elapsedBefore = time.elapsedMs;
    this.#file = new AppendFile(path, { size, onFailure: (error) => this.onFailure(error) });
    if (header === undefined) {
      const { fingerprint } = options;
      this.#append({ type: 'run', format, version, runId: this.runId, fingerprint } satisfies Header);
    }
    void this.mark({
      type: 'session',
      startedAt: new Date().toISOString(),
      maxMetricCalls: options.maxMetricCalls ?? null,
      program: options.program,
      about: options.about,
      evaluation: options.evaluation,
    });
  }

  hasIteration(iteration: number): boolean {
    return iteration <= this.#earlier.lastIteration;
  }

  limitOf(iteration: number): number | undefined {
    return this.#earlier.limitOf(iteration);
  }

  textsIdOf(candidate: Candidate): number {
    const key = candidateKey(this.#options.names, candidate);
    const known = this.#textsIds.get(key);
    if (known !== undefined) return known;
    const textsId = this.#nextTextsId++;
    this.#textsIds.set(key, textsId);
    void this.mark({ type: 'texts', textsId, texts: candidate });
    return textsId;
  }

  entries(): Iterable<KnownEntry> {
    return this.#earlier.entries();
  }

  onReplay(listener: (entry: KnownEntry) => void): void {
    this.#earlier.listener = listener;
  }

  replay(key: string): EarlierEntry | undefined {
    return this.#earlier.replay(key);
  }

  skip(beforeIteration?: number): void {
    this.#earlier.skip(beforeIteration);
  }

  async add(entry: CallEntry): Promise<JournalPosition | undefined> {
    let line = '';
    try {
      for (const part of this.#partsOf(entry)) {
        line += part;
        // A failure may be added while the run ends.
        if (line.length > LONG_LINE && entry.type !== 'unavailable') await pause();
      }
    } catch (error) {
      // An unmasked line is never written.
      this.onFailure(new Error(`redact failed: ${messageOf(error)}`));
      return undefined;
    }
    const { position, written } = this.#file.append(line);
    if (!(await written)) return undefined;
    if (entry.type === 'rollout') this.#written.rollouts++;
    if (entry.type === 'reflection' || entry.type === 'proposal') this.#written.reflections++;
    return position;
  }

  mark(entry: MarkEntry): Promise<boolean> {
    const { type, ...rest } = entry;
    return this.#append({ type, at: this.#now(), ...rest }).written;
  }

  detailsAt(position: JournalPosition): RolloutDetails {
    const { output, trace, feedback, componentFeedback, error } = JSON.parse(
      this.#file.read(position),
    ) as RolloutDetails;
    return { output, trace, feedback, componentFeedback, error };
  }

  readonly onFailure = (error: Error): void => {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { rollouts, reflections } = this.#written;
    if ((error as { code?: unknown }).code === 'ENOENT') {
      this.#options.warn(
        `The run directory is gone: ${messageOf(error)}. The run ends here, and its result has everything measured so far. If it was moved, repeat the same call with its new path to resume the run.`,
      );
      this.#options.onFailure();
      return;
    }
    const isFileProblem = (error as { code?: unknown }).code !== undefined;
    this.#options.warn(
      `The run directory ${isFileProblem ? 'is no longer writable' : 'cannot be written'}: ${sentence(error)} The run ends here. ${this.#path} contains everything up to now (${rollouts} rollouts and ${reflections} reflections of this session). ${isFileProblem ? 'Free disk space' : 'Correct that'} and repeat the same call to continue.`,
    );
    this.#options.onFailure();
  };

  close(): void {
    this.#file.close();
  }

  #append(line: object) {
    return this.#file.append(JSON.stringify(line));
  }

  /** The parts of an entry as JSON: plain data, masked. A list, such as the steps of a trace, has one for each item. */
  *#partsOf(entry: CallEntry): Generator<string> {
    const { mask } = this.#options;
    const { type, ...rest } = entry;
    const toMask = masked[type] ?? [];
    const later = [...toMask.filter((name) => !mayBeLong.includes(name)), ...mayBeLong];
    const first = Object.entries(rest).filter(([name]) => !later.includes(name));
    yield JSON.stringify({ type, at: this.#now(), ...Object.fromEntries(first) }).slice(0, -1);
    for (const name of later) {
      const value = (rest as Readonly<Record<string, unknown>>)[name];
      const isMasked = toMask.includes(name);
      const start = `,${JSON.stringify(name)}:`;
      if (isMasked && Array.isArray(value)) {
        yield `${start}[`;
        for (const [position, item] of value.entries())
          yield `${position === 0 ? '' : ','}${JSON.stringify(mask.data(item)) ?? 'null'}`;
        yield ']';
      } else {
        const json = JSON.stringify(isMasked ? mask.data(value) : value);
        if (json !== undefined) yield start + json;
      }
    }
    yield '}';
  }

  #now(): number {
    return Math.round(this.#elapsedBefore + performance.now() - this.#openedAt);
  }

  #load(): {
    header: Header | undefined;
    size: number;
    time: EarlierTime;
    reservations: EarlierReservations;
    planned: number | undefined;
  } {
    const fs = builtin('node:fs', '');
    const [time, reservations] = [new EarlierTime(), new EarlierReservations()];
    if (!fs.existsSync(this.#path)) {
      return { header: undefined, size: 0, time, reservations, planned: undefined };
    }
    let header: Header | undefined;
    let planned: number | undefined;
    let isEvaluation: boolean | undefined;
    const size = readJournal(this.#path, {
      header: (found) => {
        header = found;
      },
      line: (line, position) => {
        time.learn(line);
        reservations.learn(line);
        if (line.type === 'session') {
          isEvaluation ??= line.evaluation !== undefined;
          planned = Math.max(planned ?? 0, line.maxMetricCalls ?? Number.POSITIVE_INFINITY);
          for (const change of programChanges(line.program, this.#options.program)) {
            if (!this.programChanges.includes(change)) this.programChanges.push(change);
          }
        }
        if ('textsId' in line) this.#nextTextsId = Math.max(this.#nextTextsId, line.textsId + 1);
        if (line.type === 'texts') {
          this.#textsIds.set(candidateKey(this.#options.names, line.texts), line.textsId);
        } else this.#earlier.learn(line, position);
      },
    });
    this.#earlier.endSession();
    if (header !== undefined) this.#compare(header, isEvaluation);
    if (size < fs.statSync(this.#path).size) {
      this.#options.note(
        `The last line of ${this.#path} was cut off and is dropped; its call is made again.`,
      );
    }
    return { header, size, time, reservations, planned };
  }

  /** @param wasEvaluation undefined where no session was written. */
  #compare({ fingerprint: was }: Header, wasEvaluation: boolean | undefined): void {
    const is = this.#options.fingerprint;
    const isEvaluation = this.#options.evaluation !== undefined;
    const kindOf = (one: boolean) => (one ? 'an evaluation' : 'an optimization');
    const found =
      wasEvaluation !== undefined && wasEvaluation !== isEvaluation
        ? [`it is the directory of ${kindOf(wasEvaluation)}, and this call is ${kindOf(isEvaluation)}`]
        : differences(was, is, isEvaluation);
    if (found.length > 0) {
      throw new RunDirectoryMismatchError(
        `${this.#path} belongs to another run: ${found.join('; ')}. Use another runDir to start a new run, or the original program and options to continue this one.`,
        found,
      );
    }
    // An optimization scores the seed and the best candidate again.
    if (isEvaluation && this.programChanges.length > 0) {
      this.#options.warn(
        `Since an earlier session of this evaluation ${this.programChanges.join('; ')}. Earlier scores are kept: do not compare them with new ones. To score the present program, use another runDir.`,
      );
    }
    if (was.metric !== is.metric) {
      this.#options.warn(
        'The source of the metric has changed since the run began. Earlier scores are kept; if the metric now means something else, start a new run with another runDir.',
      );
    }
  }
}
