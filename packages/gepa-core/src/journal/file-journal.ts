import type { TimeSpent } from '../budget/spend.ts';
import type { Amount } from '../budget/spending-bounds.ts';
import { messageOf } from '../calls/classify-error.ts';
import { type Candidate, candidateKey } from '../component.ts';
import { RunDirectoryMismatchError } from '../errors.ts';
import { builtin } from '../node/builtin.ts';
import { type Redact, redacted, withoutKeys } from '../redact.ts';
import { toPlain } from '../reflection/plain.ts';
import { AppendFile } from './append-file.ts';
import { EarlierDoubt, EarlierEffects, EarlierTime } from './earlier-sessions.ts';
import { differences, type Fingerprint } from './fingerprint.ts';
import type { EffectEntry, Journal, MarkEntry, Place, Remembered, RolloutDetails, Taken } from './journal.ts';
import { format, type Header, readJournal, version } from './journal-lines.ts';

export interface FileJournalOptions {
  readonly fingerprint: Fingerprint;
  /** The names of the components, in order. */
  readonly names: readonly string[];
  readonly redact: Redact | undefined;
  readonly maxMetricCalls: number | undefined;
  readonly note: (message: string) => void;
  readonly warn: (message: string) => void;
  /** Called once when nothing more can be written. */
  readonly onFailure: () => void;
}

/** A journal as a file of lines of JSON. */
export class FileJournal implements Journal {
  readonly runId: string;
  readonly earlierTime: TimeSpent;
  readonly earlierDoubt: Amount;
  readonly plannedMetricCalls: number | undefined;
  readonly #path: string;
  readonly #options: FileJournalOptions;
  readonly #file: AppendFile;
  readonly #elapsedBefore: number;
  readonly #openedAt = performance.now();
  readonly #earlier = new EarlierEffects();
  readonly #numbers = new Map<string, number>();
  /** Not the size of the map: a line that was deleted leaves a gap, and its number may stand in other lines. */
  #nextNumber = 0;
  #written = { rollouts: 0, reflections: 0 };
  #hasFailed = false;

  constructor(path: string, options: FileJournalOptions) {
    this.#path = path;
    this.#options = options;
    const { header, size, time, doubt, planned } = this.#load();
    this.runId = header?.runId ?? crypto.randomUUID();
    this.earlierTime = time.spent;
    this.earlierDoubt = doubt.amount;
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
    });
  }

  hasIteration(iteration: number): boolean {
    return iteration <= this.#earlier.lastIteration;
  }

  numberOf(texts: Candidate): number {
    const key = candidateKey(this.#options.names, texts);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#nextNumber++;
    this.#numbers.set(key, number);
    void this.mark({ type: 'candidate', candidate: number, texts });
    return number;
  }

  entries(): Iterable<Remembered> {
    return this.#earlier.entries();
  }

  take(key: string, note: (entry: Remembered) => void): Taken | undefined {
    return this.#earlier.take(key, note);
  }

  settle(note: (entry: Remembered) => void, beforeIteration?: number): void {
    this.#earlier.settle(note, beforeIteration);
  }

  async add(entry: EffectEntry): Promise<Place | undefined> {
    const line = this.#lineOf(entry);
    if (line === undefined) return undefined;
    const { place, written } = this.#file.append(line);
    if (!(await written)) return undefined;
    if (entry.type === 'rollout') this.#written.rollouts++;
    if (entry.type === 'reflection' || entry.type === 'proposal') this.#written.reflections++;
    return place;
  }

  mark(entry: MarkEntry): Promise<boolean> {
    return this.#append({ ...entry, at: this.#now() }).written;
  }

  detailsAt(place: Place): RolloutDetails {
    const { output, trace, feedback, componentFeedback, error } = JSON.parse(this.#file.read(place));
    return {
      ...(output === undefined ? {} : { output }),
      ...(trace === undefined ? {} : { trace }),
      ...(feedback === undefined ? {} : { feedback }),
      ...(componentFeedback === undefined ? {} : { componentFeedback }),
      ...(error === undefined ? {} : { error }),
    };
  }

  readonly onFailure = (error: Error): void => {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { rollouts, reflections } = this.#written;
    this.#options.warn(
      `The run directory cannot be written any more: ${messageOf(error)}. The run ends here. ${this.#path} holds everything up to then (${rollouts} rollouts and ${reflections} reflections of this session): make room, and the same call goes on from there.`,
    );
    this.#options.onFailure();
  };

  close(): void {
    this.#file.close();
  }

  #append(line: object) {
    return this.#file.append(JSON.stringify(line));
  }

  /** None where `redact` throws: what it would have masked is not written at all. */
  #lineOf(entry: EffectEntry): string | undefined {
    try {
      return JSON.stringify({ ...this.#writable(entry), at: this.#now() });
    } catch (error) {
      this.onFailure(new Error(`redact failed: ${messageOf(error)}`));
      return undefined;
    }
  }

  #now(): number {
    return Math.round(this.#elapsedBefore + performance.now() - this.#openedAt);
  }

  /** Plain data, masked. The texts of candidates and the model's answers stay as they are: they are the search. */
  #writable(entry: EffectEntry): object {
    const { redact } = this.#options;
    const mask = (value: unknown) => {
      const plain = toPlain(value);
      return plain === undefined || redact === undefined ? plain : redacted(plain, redact);
    };
    switch (entry.type) {
      case 'rollout': {
        const { output, trace, componentFeedback, failedIn, ...rest } = entry;
        const error = entry.error && withoutKeys(entry.error);
        // A failed rollout's feedback is its error.
        const feedback =
          failedIn === undefined ? entry.feedback : entry.feedback && withoutKeys(entry.feedback);
        return {
          ...rest,
          failedIn,
          exampleId: mask(entry.exampleId),
          feedback: mask(feedback),
          componentFeedback: mask(componentFeedback),
          error: mask(error),
          output: mask(output),
          trace: mask(trace),
        };
      }
      case 'reflection':
        return { ...entry, prompt: mask(entry.prompt) };
      case 'unavailable':
        return { ...entry, message: mask(withoutKeys(entry.message)) };
      default:
        return entry;
    }
  }

  #load(): {
    header: Header | undefined;
    size: number;
    time: EarlierTime;
    doubt: EarlierDoubt;
    planned: number | undefined;
  } {
    const fs = builtin('node:fs', '');
    const [time, doubt] = [new EarlierTime(), new EarlierDoubt()];
    if (!fs.existsSync(this.#path)) return { header: undefined, size: 0, time, doubt, planned: undefined };
    let header: Header | undefined;
    let planned: number | undefined;
    const size = readJournal(this.#path, {
      header: (found) => {
        header = found;
        this.#compare(found.fingerprint);
      },
      line: (line, place) => {
        time.learn(line);
        doubt.learn(line);
        if (line.type === 'session') {
          planned = Math.max(planned ?? 0, line.maxMetricCalls ?? Number.POSITIVE_INFINITY);
        }
        if ('candidate' in line) this.#nextNumber = Math.max(this.#nextNumber, line.candidate + 1);
        if (line.type === 'candidate') {
          this.#numbers.set(candidateKey(this.#options.names, line.texts), line.candidate);
        } else this.#earlier.learn(line, place);
      },
    });
    this.#earlier.endSession();
    if (size < fs.statSync(this.#path).size) {
      this.#options.note(
        `The last line of ${this.#path} was cut off and is dropped; what it would have told is done again.`,
      );
    }
    return { header, size, time, doubt, planned };
  }

  #compare(was: Fingerprint): void {
    const is = this.#options.fingerprint;
    const found = differences(was, is);
    if (found.length > 0) {
      throw new RunDirectoryMismatchError(
        `The run in ${this.#path} is another one: ${found.join('; ')}. Give another runDir to start anew, or the program and options that it was begun with to go on.`,
        found,
      );
    }
    if (was.metric !== is.metric) {
      this.#options.warn(
        'The metric has another source than when the run was begun. What was scored then keeps its score; if the metric means something else now, start anew with another runDir.',
      );
    }
  }
}
