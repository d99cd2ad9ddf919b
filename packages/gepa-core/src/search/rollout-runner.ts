import type { Adapter, Execution, Phase, Rollout, RunContext } from '../adapter/adapter.ts';
import { type Expense, expenseOf } from '../budget/spend.ts';
import { type Amount, nothing } from '../budget/spending-bounds.ts';
import { addUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { messageOf } from '../calls/classify-error.ts';
import { Interrupted } from '../calls/interruption.ts';
import { kindOf, type RetryPolicy, retryAfter } from '../calls/retry.ts';
import { type LazySignal, Watch } from '../calls/timeout.ts';
import { type Account, Try } from '../calls/try.ts';
import type { Candidate } from '../component.ts';
import { MetricError, RolloutError, RolloutTimeoutError, RunError } from '../errors.ts';
import {
  type Metric,
  type MetricArgs,
  type MetricScore,
  type NormalizedScore,
  normalizeMetricResult,
} from '../metric.ts';
import type { ExampleRef } from './examples.ts';
import type { FrontierType } from './search-view.ts';

/** Where in the run a rollout belongs. */
export interface RolloutContext {
  readonly iteration: number;
  readonly phase: Phase;
  readonly candidateIndex: number | undefined;
  /** Its place within the iteration. */
  readonly task?: number;
}

export interface RolloutRunnerOptions<Example, Output, Trace, Name extends string> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly metric: Metric<Example, Output, Trace>;
  readonly runId: string;
  readonly retryPolicy: Pick<RetryPolicy, 'options' | 'signal' | 'health'>;
  /** Told of each failure that is followed by a further try. */
  readonly onRetry: (attempt: number, error: unknown, spent: Spent) => void;
  /** Asked before a further try until there is nothing to wait for; throws where there must be none. */
  readonly admit?: (spent: Spent) => Promise<void> | undefined;
  /**
   * Notes what was spent, at once, and fills in what it cost. `isMetered`: it was told of call by call, as it was
   * spent.
   */
  readonly pay: (
    phase: Expense | 'judge',
    usage: Usage,
    spent: Spent,
    isMetered: boolean,
  ) => Usage | Promise<Usage>;
  readonly rolloutTimeoutMs: number | undefined;
  readonly failureScore: number;
  /** All but `'instance'` need objectives. */
  readonly frontierType: FrontierType;
  readonly signal: AbortSignal;
}

/** What a rollout has taken so far; kept outside of it, since a failed one costs too. */
export class Spent {
  usage: Usage = noUsage;
  judgeUsage: Usage = noUsage;
  retries = 0;
  /** Absent where nothing bounds it. */
  readonly account: Account | undefined;
  /** The present try of the program or the metric. */
  current: Try | undefined;

  constructor(account?: Account) {
    this.account = account;
  }

  begin<T extends Try>(attempt: T): T {
    this.current = attempt;
    return attempt;
  }

  /** What may have been billed without an answer. */
  get inDoubt(): Amount {
    return this.account?.hold.inDoubt ?? nothing;
  }

  get total(): Usage {
    return addUsage(this.usage, this.judgeUsage);
  }

  add(expense: Expense | 'judge', usage: Usage): void {
    if (expense === 'judge') this.judgeUsage = addUsage(this.judgeUsage, usage);
    else this.usage = addUsage(this.usage, usage);
  }
}

/** Makes one rollout: the program on one example, then the metric, each with its time limit and retries. */
export class RolloutRunner<Example, Output, Trace, Name extends string> {
  readonly #options: RolloutRunnerOptions<Example, Output, Trace, Name>;
  readonly #programWatch: Watch;
  readonly #metricWatch: Watch;
  #objectives: readonly string[] | undefined;

  constructor(options: RolloutRunnerOptions<Example, Output, Trace, Name>) {
    const { signal, rolloutTimeoutMs: timeoutMs } = options;
    const watch = (what: string) =>
      new Watch({
        signal,
        timeoutMs,
        timeoutError: () => new RolloutTimeoutError(`${what} did not end within ${timeoutMs} ms.`),
      });
    this.#options = options;
    this.#programWatch = watch('The program');
    this.#metricWatch = watch('The metric');
  }

  /** What an earlier session measured says which objectives the metric gives. */
  learnObjectives(measured: Pick<MetricScore, 'objectives'>): void {
    this.#objectives ??= namesOf(measured);
  }

  /** Throws for what is nobody's score: passing failures that did not pass, refusals, an abort, a broken metric. */
  async measure(
    candidate: Candidate<Name>,
    ref: ExampleRef<Example>,
    context: RolloutContext,
    spent: Spent,
  ): Promise<Rollout<Example, Output, Trace>> {
    const { adapter, metric, runId } = this.#options;
    const { example, id: exampleId } = ref;
    const expense = expenseOf(context.phase);

    const run = (lazy: LazySignal) =>
      adapter.run(
        candidate,
        example,
        spent.begin(new Context(runId, context, exampleId, lazy, spent.account)),
      );
    let execution: Execution<Output, Trace>;
    try {
      const first = this.#programWatch.run(run);
      execution = first instanceof Promise ? await first : first;
    } catch (error) {
      try {
        execution = await this.#retried(error, () => this.#programWatch.run(run), spent, expense);
      } catch (lastError) {
        const trace = RolloutError.isInstance(lastError) ? (lastError.trace as Trace | undefined) : undefined;
        return this.#failed(ref, 'program', lastError, trace === undefined ? {} : { trace });
      }
    }
    this.#options.retryPolicy.health.answered();
    const paying = this.#payTry(execution?.usage, spent, expense);
    if (paying !== undefined) await paying;
    if (typeof execution !== 'object' || execution === null) {
      throw new RunError(
        `run() returned ${execution === null ? 'null' : typeof execution} for example ${exampleId}; return { output, trace?, usage? }.`,
      );
    }
    const { output, trace } = execution;

    const score = (lazy: LazySignal) =>
      metric(spent.begin(new Measured(example, output, trace, lazy, spent.account)));
    let result: unknown;
    try {
      const first = this.#metricWatch.run(score);
      result = first instanceof Promise ? await first : first;
    } catch (error) {
      try {
        result = await this.#retried(error, () => this.#metricWatch.run(score), spent, 'judge');
      } catch (lastError) {
        const measured = trace === undefined ? { output } : { output, trace };
        return this.#failed(ref, 'metric', lastError, measured);
      }
    }
    const payingJudge = this.#payTry(
      (result as Partial<MetricScore> | null | undefined)?.usage,
      spent,
      'judge',
    );
    if (payingJudge !== undefined) await payingJudge;
    const { usage: _, ...scored } = this.#checked(result, ref);
    return trace === undefined
      ? { example, exampleId, output, ...scored }
      : { example, exampleId, output, trace, ...scored };
  }

  /** What the failed tries cost is not forgotten. */
  async #retried<T>(
    firstError: unknown,
    effect: () => Promise<T> | T,
    spent: Spent,
    expense: Expense | 'judge',
  ): Promise<T> {
    const { retryPolicy, admit } = this.#options;
    const pay = (error: unknown) =>
      this.#payTry(RolloutError.isInstance(error) ? error.usage : undefined, spent, expense);
    const onRetry = (attempt: number, error: unknown) => {
      spent.retries++;
      this.#options.onRetry(attempt, error, spent);
    };
    await pay(firstError);
    const again = async () => {
      try {
        return await effect();
      } catch (error) {
        await pay(error);
        throw error;
      }
    };
    return retryAfter(firstError, again, { ...retryPolicy, onRetry, admit: () => admit?.(spent) });
  }

  #failed(
    ref: ExampleRef<Example>,
    failedIn: 'program' | 'metric',
    error: unknown,
    measured: Partial<Execution<Output, Trace>>,
  ): Rollout<Example, Output, Trace> & { error: string } {
    const { signal, retryPolicy } = this.#options;
    const isTheirs = !RunError.isInstance(error) && !(error instanceof Interrupted);
    if (signal.aborted || !isTheirs || kindOf(error, retryPolicy.options) !== 'program') throw error;
    const message = messageOf(error);
    return {
      example: ref.example,
      exampleId: ref.id,
      ...measured,
      score: this.#options.failureScore,
      feedback: `The ${failedIn} failed: ${message}`,
      error: message,
      failedIn,
    };
  }

  #checked(result: unknown, ref: ExampleRef<Example>): NormalizedScore {
    const score = normalizeMetricResult(result);
    if ('problem' in score) {
      throw new MetricError(
        `The metric gave no usable score for example ${ref.id}: ${score.problem}. Return a finite number, a boolean, or { score, feedback?, objectives? }.`,
      );
    }
    const names = namesOf(score);
    if (names.length === 0 && this.#options.frontierType !== 'instance') {
      throw new MetricError(
        `The metric gave no objectives for example ${ref.id}, but frontierType is '${this.#options.frontierType}'. Return { score, objectives }, or use the frontierType 'instance'.`,
      );
    }
    this.#objectives ??= names;
    const known = this.#objectives;
    if (names.length !== known.length || names.some((name) => !known.includes(name))) {
      const list = (all: readonly string[]) => (all.length === 0 ? 'none' : all.join(', '));
      throw new MetricError(
        `The metric gave the objectives ${list(names)} for example ${ref.id}, but ${list(known)} for others. Give the same objectives for every example.`,
      );
    }
    return score;
  }

  /**
   * Ends a try and pays for it. To be waited for only where there is something to wait for: most rollouts of a fast
   * program wait for nothing.
   *
   * @throws what kept one of its model calls from being made.
   */
  #payTry(reported: Usage | undefined, spent: Spent, expense: Expense | 'judge'): Promise<void> | undefined {
    const report = spent.current?.close();
    if (report === undefined) return this.#pay(reported ?? undefined, spent, expense, false);
    const { metered, refusal } = report;
    const paying = this.#pay(metered ?? reported ?? undefined, spent, expense, metered !== undefined);
    if (refusal === undefined) return paying;
    const refuse = () => {
      throw refusal;
    };
    return paying === undefined ? refuse() : paying.then(refuse);
  }

  #pay(
    usage: Usage | undefined,
    spent: Spent,
    expense: Expense | 'judge',
    isMetered: boolean,
  ): Promise<void> | undefined {
    if (usage === undefined) return undefined;
    const sound = soundUsage(usage);
    const refuse = (error: unknown): never => {
      // It was spent, even where its cost cannot be told.
      spent.add(expense, sound);
      throw error;
    };
    let paid: Usage | Promise<Usage>;
    try {
      paid = this.#options.pay(expense, sound, spent, isMetered);
    } catch (error) {
      return refuse(error);
    }
    if (paid instanceof Promise) return paid.then((priced) => spent.add(expense, priced), refuse);
    spent.add(expense, paid);
    return undefined;
  }
}

const noNames: readonly string[] = [];

function namesOf({ objectives }: Pick<MetricScore, 'objectives'>): readonly string[] {
  return objectives === undefined ? noNames : Object.keys(objectives);
}

class Context extends Try implements RunContext {
  readonly runId: string;
  readonly iteration: number;
  readonly phase: Phase;
  readonly candidateIndex: number | undefined;
  readonly exampleId: string;

  constructor(
    runId: string,
    context: RolloutContext,
    exampleId: string,
    lazy: LazySignal,
    account: Account | undefined,
  ) {
    super(lazy, account);
    this.runId = runId;
    this.iteration = context.iteration;
    this.phase = context.phase;
    this.candidateIndex = context.candidateIndex;
    this.exampleId = exampleId;
  }
}

class Measured<Example, Output, Trace> extends Try implements MetricArgs<Example, Output, Trace> {
  readonly example: Example;
  readonly output: Output;
  readonly trace: Trace | undefined;

  constructor(
    example: Example,
    output: Output,
    trace: Trace | undefined,
    lazy: LazySignal,
    account: Account | undefined,
  ) {
    super(lazy, account);
    this.example = example;
    this.output = output;
    this.trace = trace;
  }
}
