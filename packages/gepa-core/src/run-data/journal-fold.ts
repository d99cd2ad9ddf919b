import { SpendReport } from '../budget/spend.ts';
import { addUsage, noUsage } from '../budget/usage.ts';
import type { EvaluationDescription } from '../journal/describe-run.ts';
import { EarlierTime } from '../journal/earlier-sessions.ts';
import type { Fingerprint } from '../journal/fingerprint.ts';
import {
  type JournalPosition,
  type KnownEntry,
  type RolloutEntry,
  settledCallOf,
} from '../journal/journal.ts';
import type { JournalLine } from '../journal/journal-lines.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { EvaluationFold } from './evaluation-fold.ts';
import type { ReflectionData, RolloutData, RunDescription } from './run-data.ts';

/** A rollout whose candidate may be known later. */
export type OpenRollout = { -readonly [Field in keyof RolloutData]: RolloutData[Field] };

/** The length to which the message of an error is shortened. */
const MAX_ERROR_CHARACTERS = 300;

/** A `session` line, with the parts that a replay does not need. */
interface SessionLine {
  readonly at: number;
  readonly startedAt?: string;
  readonly about?: Partial<RunDescription>;
  readonly evaluation?: EvaluationDescription;
}

/** Collects the calls of a run from the lines of its journal. */
export class JournalFold {
  runId = '';
  startedAt = 0;
  updatedAt = 0;
  sessions = 0;
  /** The stop reason of the last session, once it has ended. */
  endedBy: StopReason | undefined;
  about: Partial<RunDescription> = {};
  readonly spend = new SpendReport();
  readonly time = new EarlierTime();
  readonly rollouts: OpenRollout[] = [];
  readonly reflections: ReflectionData[] = [];
  /** The ids of examples by their number, for a directory without `examples.jsonl`. */
  readonly exampleIds: string[] = [];
  /** The texts by their number in the journal. */
  readonly texts = new Map<number, Readonly<Record<string, string>>>();
  /** The rollouts of texts that are not in the pool, by the number of the texts. */
  readonly outsidePool = new Map<number, OpenRollout[]>();
  /** When the first rollout of texts ended, by the number of the texts. */
  readonly firstAt = new Map<number, number>();
  readonly evaluation = new EvaluationFold();
  readonly #errors = new Map<string, string>();
  /** The start of the present session by the clock, and by the time of the run. */
  #session = { startedAt: 0, at: 0 };

  apply(line: JournalLine, position: JournalPosition): void {
    this.time.learn(line);
    this.updatedAt = this.#session.startedAt + line.at - this.#session.at;
    switch (line.type) {
      case 'session':
        this.#startSession(line as SessionLine);
        break;
      case 'ended':
        this.endedBy = line.reason;
        break;
      case 'texts':
        this.texts.set(line.textsId, line.texts);
        break;
      case 'rollout':
        this.spend.add(settledCallOf(line));
        this.#addRollout(line, position);
        break;
      case 'reflection': {
        this.spend.add(settledCallOf(line));
        const { proposal, iteration, task, components, attempt, at, durationMs, usage } = line;
        const number = this.reflections.length;
        const { offset, length } = position;
        this.reflections.push({
          number,
          proposal,
          usage,
          iteration,
          task,
          components,
          attempt,
          at,
          durationMs,
          detail: { offset, length },
        });
        break;
      }
      case 'proposal':
      case 'unavailable':
        this.spend.add(settledCallOf(line as KnownEntry));
        break;
      default:
        break;
    }
  }

  start(header: { readonly runId: string; readonly fingerprint?: Fingerprint }): void {
    this.runId = header.runId;
    // Texts are written as JSON there.
    const plain = (text: string) => (text.startsWith('"') ? String(JSON.parse(text)) : text);
    const options = Object.entries(header.fingerprint?.options ?? {});
    this.about = { strategies: Object.fromEntries(options.map(([name, text]) => [name, plain(text)])) };
  }

  /** Assigns the rollouts of texts to the candidate that they became. */
  joined(textsId: number, candidate: number): void {
    for (const rollout of this.outsidePool.get(textsId) ?? []) rollout.candidate = candidate;
    this.outsidePool.delete(textsId);
  }

  #startSession(line: SessionLine): void {
    this.evaluation.about = line.evaluation;
    const startedAt = Date.parse(line.startedAt ?? '') || 0;
    this.#session = { startedAt, at: line.at };
    if (this.sessions === 0) this.startedAt = startedAt;
    this.sessions++;
    this.updatedAt = startedAt;
    this.endedBy = undefined;
    this.about = { ...this.about, ...line.about };
  }

  #addRollout(
    line: KnownEntry<RolloutEntry> & { readonly at: number },
    { offset, length }: JournalPosition,
  ): void {
    const { example, exampleId, candidate, proposal, phase, iteration, score, error, failedIn, at } = line;
    const { textsId, durationMs } = line;
    const rollout: OpenRollout = {
      example,
      candidate,
      proposal,
      phase,
      iteration,
      score,
      error: error === undefined ? undefined : this.#shared(error),
      failedIn,
      at,
      durationMs,
      detail: { offset, length },
    };
    this.rollouts.push(rollout);
    this.exampleIds[example] ??= exampleId;
    if (!this.firstAt.has(textsId)) this.firstAt.set(textsId, at);
    if (this.evaluation.about !== undefined) {
      const { occurrence, usage = noUsage, judgeUsage = noUsage } = line;
      this.evaluation.add(textsId, rollout, occurrence, addUsage(usage, judgeUsage));
      return;
    }
    if (candidate !== undefined) return;
    const others = this.outsidePool.get(textsId);
    if (others === undefined) this.outsidePool.set(textsId, [rollout]);
    else others.push(rollout);
  }

  /** One string for equal errors, of which there may be many. */
  #shared(error: string): string {
    const short = error.length > MAX_ERROR_CHARACTERS ? `${error.slice(0, MAX_ERROR_CHARACTERS)}…` : error;
    const known = this.#errors.get(short);
    if (known !== undefined) return known;
    this.#errors.set(short, short);
    return short;
  }
}
