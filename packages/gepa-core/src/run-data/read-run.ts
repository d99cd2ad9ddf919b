import { candidateKey, definedOnly } from '../component.ts';
import { RunDirectoryError } from '../errors.ts';
import type { DecisionEvent, GepaEvent } from '../events.ts';
import { headerOf, type JournalLine } from '../journal/journal-lines.ts';
import { type FileLine, linesFrom } from '../journal/lines-from.ts';
import { isLocked } from '../journal/lock.ts';
import { builtin } from '../node/builtin.ts';
import { scoresOf } from '../report/result-of.ts';
import type { TestScores } from '../result.ts';
import { EventsFold } from './events-fold.ts';
import { headOfLine } from './head-of-line.ts';
import { JournalFold, type OpenRollout } from './journal-fold.ts';
import { type Examples, examplesOf, readExamples } from './read-examples.ts';
import type {
  CandidateData,
  DetailRef,
  ProposalData,
  ReflectionDetail,
  RolloutDetail,
  RunData,
  RunDescription,
} from './run-data.ts';

/**
 * Reads the directory of a run, finished or not, without the details of its rollouts and reflections.
 *
 * @throws {RunDirectoryError} when there is no run.
 */
export function readRun(runDir: string): RunData {
  const reader = new RunReader(runDir);
  reader.update();
  return reader.data;
}

const decoder = new TextDecoder();
/** The first bytes of the journal, which contain the id of the run. */
const START_BYTES = 96;

/** Reads the directory of a run while it grows. If another run is started in the directory, it reads that one. */
export class RunReader {
  readonly #directory: string;
  #journal = new JournalFold();
  #events = new EventsFold();
  #offsets = { journal: 0, events: 0 };
  #damaged = 0;
  /** The start of the journal, which has the id of the run. */
  #start = '';
  /** Why the first line of the journal cannot be read. */
  #unreadable: unknown;
  #examples: Examples | undefined;
  /** How many candidates and texts have been compared with each other so far. */
  #known = { candidates: 0, texts: 0 };
  readonly #candidateByTexts = new Map<string, number>();
  readonly #textsIdByKey = new Map<string, number>();
  #wasRunning = false;

  constructor(runDir: string) {
    this.#directory = runDir;
  }

  /**
   * Reads everything that was written since the last call.
   *
   * @returns whether something has changed.
   */
  update(): boolean {
    const before = this.#state();
    this.#recognize();
    this.#readJournal();
    this.#readEvents();
    this.#examples ??= readExamples(this.#path('examples.jsonl'));
    this.#connect();
    this.#wasRunning = isLocked(this.#directory);
    return before !== this.#state();
  }

  /** A text that changes with every new line. */
  #state(): string {
    return JSON.stringify([this.#start, this.#offsets, this.#examples === undefined, this.#wasRunning]);
  }

  /** Starts again when the directory was deleted and another run was started in it. */
  #recognize(): void {
    const fs = builtin('node:fs', 'read the run on Node.');
    if (!fs.existsSync(this.#path('journal.jsonl'))) return;
    const bytes = new Uint8Array(START_BYTES);
    const file = fs.openSync(this.#path('journal.jsonl'), 'r');
    const read = fs.readSync(file, bytes, 0, START_BYTES, 0);
    fs.closeSync(file);
    const start = decoder.decode(bytes);
    if (read < START_BYTES || start === this.#start) return;
    if (this.#start !== '') this.#forget();
    this.#start = start;
  }

  /** The run as it was at the last `update`. @throws {RunDirectoryError} when there is no run yet, or one of another version. */
  get data(): RunData {
    const { runId, startedAt, updatedAt, endedBy, about, spend, time, rollouts, reflections } = this.#journal;
    const { state, warnings } = this.#events;
    if (this.#unreadable !== undefined) throw this.#unreadable;
    if (runId === '') {
      throw new RunDirectoryError(
        `${this.#directory} has no run: it has no journal.jsonl with a whole first line.`,
      );
    }
    const { finished, started, candidates, bestIndex } = state;
    const [seed, best] = [candidates[0], candidates[bestIndex]];
    const isScored = seed !== undefined && best !== undefined && seed.coverage > 0;
    const scores = isScored ? scoresOf(state, best, seed) : undefined;
    const examples = this.#examples ?? examplesOf(this.#journal.exampleIds);
    const evaluation = this.#evaluation(examples);
    return definedOnly<RunData>({
      kind: evaluation === undefined ? 'search' : 'evaluation',
      runId,
      startedAt,
      updatedAt,
      state: endedBy !== undefined ? 'ended' : this.#wasRunning ? 'running' : 'interrupted',
      stopReason: endedBy && (finished?.stopReason ?? endedBy),
      budgetHeld: finished?.budgetHeld,
      about: descriptionOf(about, started),
      ...examples,
      candidates: evaluation?.candidates ?? this.#candidates(),
      proposals: this.#proposals(examples),
      reflections,
      rollouts: evaluation?.rollouts ?? rollouts,
      bestIndex,
      part: evaluation === undefined ? state.pool.part : [...examples.valset.keys()],
      pool: evaluation?.candidates.map(({ index }) => index) ?? state.pool.candidates,
      score: scores && {
        seed: scores.seedScore,
        best: scores.bestScore,
        seedOn: scores.seedScoredOn,
        bestOn: scores.scoredOn,
      },
      test: finished?.test && testOf(finished.test, finished.bestIndex),
      frontier: {
        type: started?.frontierType ?? 'instance',
        keys: state.frontierKeys(),
        candidates: state
          .survivors()
          .map(({ candidate }) => candidate)
          .sort((a, b) => a - b),
      },
      iterations: state.iteration,
      metricCalls: spend.metricCalls,
      usage: spend.usage,
      spend: spend.byPhase,
      time: { ...time.spent },
      durationMs: time.elapsedMs,
      retries: spend.retries,
      cacheHits: finished?.cacheHits,
      warnings: [
        ...warnings,
        ...(this.#damaged === 0
          ? []
          : [`${this.#damaged} damaged lines of the run directory were left out.`]),
      ],
    });
  }

  /** Reads the long fields of a rollout or reflection from the journal. */
  detail<Detail extends RolloutDetail | ReflectionDetail>({ offset, length }: DetailRef): Detail {
    const fs = builtin('node:fs', 'read the run on Node.');
    const bytes = new Uint8Array(length);
    const file = fs.openSync(this.#path('journal.jsonl'), 'r');
    try {
      for (let done = 0; done < length; ) {
        const read = fs.readSync(file, bytes, done, length - done, offset + done);
        if (read === 0) break;
        done += read;
      }
    } finally {
      fs.closeSync(file);
    }
    return JSON.parse(decoder.decode(bytes)) as Detail;
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  #readJournal(): void {
    for (const { bytes, position } of this.#linesOf('journal.jsonl', this.#offsets.journal)) {
      const isHeader = this.#offsets.journal === 0;
      this.#offsets.journal = position.offset + position.length;
      const line = headOfLine(bytes);
      if (isHeader) this.#readHeader(line);
      else if (line === undefined) this.#damaged++;
      else if (this.#unreadable === undefined) {
        this.#journal.apply(line as unknown as JournalLine, position);
        // A resumed run writes all its decisions again.
        if (line.type === 'session') this.#forgetEvents();
      }
    }
  }

  #readHeader(line: unknown): void {
    try {
      this.#journal.start(headerOf(line, this.#path('journal.jsonl')));
    } catch (error) {
      this.#unreadable = error;
    }
  }

  #readEvents(): void {
    const fs = builtin('node:fs', 'read the run on Node.');
    const size = fs.statSync(this.#path('events.jsonl'), { throwIfNoEntry: false })?.size;
    // The directory was deleted: keep what was read.
    if (size === undefined) return;
    if (size < this.#offsets.events) this.#forgetEvents();
    for (const { bytes, position } of this.#linesOf('events.jsonl', this.#offsets.events)) {
      this.#offsets.events = position.offset + position.length;
      try {
        this.#events.apply(JSON.parse(decoder.decode(bytes)) as GepaEvent);
      } catch {
        this.#damaged++;
      }
    }
  }

  #forget(): void {
    this.#journal = new JournalFold();
    this.#offsets.journal = this.#damaged = 0;
    this.#examples = this.#unreadable = undefined;
    this.#candidateByTexts.clear();
    this.#textsIdByKey.clear();
    this.#forgetEvents();
  }

  #forgetEvents(): void {
    this.#events = new EventsFold();
    this.#offsets.events = 0;
    this.#known = { candidates: 0, texts: 0 };
  }

  *#linesOf(name: string, offset: number): Generator<FileLine> {
    const fs = builtin('node:fs', 'read the run on Node.');
    if (fs.existsSync(this.#path(name))) yield* linesFrom(this.#path(name), offset);
  }

  /** Assigns rollouts to candidates that joined the pool after they were run. */
  #connect(): void {
    const { candidates } = this.#events.state;
    const { texts } = this.#journal;
    const names = this.#events.state.started?.components ?? [];
    if (names.length === 0) return;
    const isNew = candidates.length > this.#known.candidates || texts.size > this.#known.texts;
    if (!isNew) return;
    for (const { index, texts } of candidates.slice(this.#known.candidates)) {
      this.#candidateByTexts.set(candidateKey(names, texts), index);
    }
    for (const [textsId, of] of [...texts].slice(this.#known.texts)) {
      this.#textsIdByKey.set(candidateKey(names, of), textsId);
    }
    this.#known = { candidates: candidates.length, texts: texts.size };
    for (const [textsId, rollouts] of [...this.#journal.outsidePool]) {
      const key = candidateKey(names, texts.get(textsId) ?? {});
      const candidate = this.#candidateByTexts.get(key);
      if (candidate !== undefined) this.#journal.joined(textsId, candidate);
      else if (rollouts.some(({ proposal }) => proposal === undefined)) this.#attribute(rollouts, key);
    }
  }

  /** Finds the proposals of rollouts in directories of version 3, which did not record them. */
  #attribute(rollouts: readonly OpenRollout[], key: string): void {
    const names = this.#events.state.started!.components;
    const origin = this.#events.proposals.find(
      ({ child }) => child !== undefined && candidateKey(names, child) === key,
    );
    if (origin === undefined) return;
    for (const rollout of rollouts) rollout.proposal ??= origin.number;
  }

  /** The candidates of an evaluation, and their rollouts. Undefined for a search. */
  #evaluation({ valset }: Examples) {
    const { evaluation, texts } = this.#journal;
    return evaluation.about === undefined ? undefined : evaluation.read(valset, texts);
  }

  #candidates(): CandidateData[] {
    const { state } = this.#events;
    const names = state.started?.components ?? [];
    return state.candidates.map(({ runs: _, objectives: __, ...candidate }) => {
      const textsId = this.#textsIdByKey.get(candidateKey(names, candidate.texts)) ?? -1;
      return definedOnly<CandidateData>({
        ...candidate,
        proposal: this.#events.proposalOf(candidate.index),
        at: this.#journal.firstAt.get(textsId) ?? 0,
        partMean: state.partMean(candidate.index),
      });
    });
  }

  #proposals({ trainset, valset }: Examples): ProposalData[] {
    const reflections = new Map<number, number[]>();
    for (const { number, proposal, iteration, task } of this.#journal.reflections) {
      // Version 3 did not number proposals.
      const of =
        proposal ??
        this.#events.proposals.find((known) => known.iteration === iteration && known.task === task)
          ?.number ??
        0;
      reflections.set(of, [...(reflections.get(of) ?? []), number]);
    }
    return this.#events.proposals.map(({ child: _, positions, ...proposal }) => ({
      ...proposal,
      minibatch: positions.flatMap(
        (position) => (proposal.kind === 'merge' ? valset : trainset)[position] ?? [],
      ),
      reflections: reflections.get(proposal.number) ?? [],
    }));
  }
}

/** Older directories do not say which candidate was tested. */
const testOf = (test: TestScores, bestIndex: number): TestScores => ({
  ...test,
  candidate: (test as Partial<TestScores>).candidate ?? bestIndex,
});

/** The description of a run; in directories of version 3 only what the first event says. */
function descriptionOf(
  about: Partial<RunDescription>,
  started: Extract<DecisionEvent, { type: 'run_started' }> | undefined,
): RunDescription {
  return {
    components: about.components ?? (started?.components ?? []).map((name) => ({ name })),
    models: about.models ?? { task: [] },
    strategies: about.strategies ?? {},
    limits: about.limits ?? {},
    versions: about.versions ?? {},
    seed: about.seed ?? started?.seed ?? 0,
    perfectScore: about.perfectScore,
  };
}
