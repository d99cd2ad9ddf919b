import type { CallRequest } from '../adapter/call-meter.ts';
import { Interrupted, type Interruption } from '../calls/interruption.ts';
import { RunError } from '../errors.ts';
import { mostOfCall } from './most-of-call.ts';
import type { PriceBook } from './prices.ts';
import { type Expense, expenses, type Spend, type SpendByPhase } from './spend.ts';
import {
  type Amount,
  amountOf,
  type Call,
  type Hold,
  newHold,
  SpendingBounds,
  type SpendingBoundsOptions,
} from './spending-bounds.ts';
import { shown, whyTooDear } from './too-dear.ts';
import { addUsage, noUsage, priceUsage, type Usage } from './usage.ts';

export interface LedgerOptions extends SpendingBoundsOptions {
  readonly maxMetricCalls?: number | undefined;
  /** While the plans of an earlier session are replayed, the largest bound that such a session had. */
  readonly plannedMetricCalls?: () => number | undefined;
  /** Metric calls set aside for later, with what they are likely to cost; `release` makes them available. */
  readonly reservedMetricCalls?: number;
  /** Whether anything is set aside at the moment. Default: always. */
  readonly setsAside?: () => boolean;
  readonly prices?: PriceBook | undefined;
  /** Told what is worth knowing while the run goes on. */
  readonly note?: ((message: string) => void) | undefined;
  /** Told of what is set aside for a call, before it can cost anything; gives what is to be waited for. */
  readonly onSetAside?: ((hold: Hold, most: Amount) => Promise<unknown> | undefined) | undefined;
}

/** Where nothing bounds what calls cost, nothing is set aside. */
const free: Readonly<Record<Call, Hold>> = {
  rollout: newHold('rollout'),
  reflection: newHold('reflection'),
};

/**
 * What the run has spent and may still spend. A call is admitted before it starts, admitted again before each further
 * try, and settled when it ends; where nobody says what one can cost at most, so are the model calls in it. Calls in
 * flight can thus never add up to more than a bound.
 *
 * A run that is resumed has spent more than its replay has come to yet. The search goes by what the replay knows, as it
 * did then; bounds go by all that was spent.
 */
export class Ledger {
  /** Scored rollouts. */
  metricCalls = 0;
  /** Rollouts that a partial evaluation policy left out. */
  metricCallsSaved = 0;
  /** Rollouts that were asked for and had been made before. */
  cacheHits = 0;
  retries = 0;
  usage: Usage = noUsage;
  readonly #phases = new Map<Expense | 'judge', { metricCalls: number; usage: Usage }>();
  #reserved: number;
  readonly #options: LedgerOptions;
  readonly #maxMetricCalls: number;
  /** Absent where nothing bounds what calls cost. */
  readonly #bounds: SpendingBounds | undefined;
  /** All rollouts that were scored, those of earlier sessions included. */
  #scored = 0;
  #rolloutsInFlight = 0;
  #hasNotedWait = false;

  constructor(options: LedgerOptions = {}) {
    const { maxMetricCalls, maxCostUsd, maxTokens, reservedMetricCalls } = options;
    this.#options = options;
    this.#maxMetricCalls = maxMetricCalls ?? Number.POSITIVE_INFINITY;
    this.#reserved = reservedMetricCalls ?? 0;
    const isBounded = maxCostUsd !== undefined || maxTokens !== undefined;
    this.#bounds = isBounded ? new SpendingBounds(options) : undefined;
  }

  /** For planning. */
  get remainingMetricCalls(): number {
    const planned = this.#options.plannedMetricCalls?.() ?? 0;
    return Math.max(this.#maxMetricCalls, planned) - this.#reserved - this.metricCalls;
  }

  /** Whether there is a bound on what calls report. */
  get needsUsage(): boolean {
    return this.#bounds !== undefined;
  }

  /** What is to be said of the bounds when the run is over, a sentence each. */
  get remarks(): readonly string[] {
    return this.#bounds?.remarks ?? [];
  }

  get spend(): SpendByPhase {
    const of = (phase: Expense | 'judge'): Spend => ({
      metricCalls: 0,
      usage: noUsage,
      ...this.#phases.get(phase),
    });
    return Object.fromEntries(
      [...expenses, 'judge' as const].map((phase) => [phase, of(phase)]),
    ) as SpendByPhase;
  }

  release(): void {
    this.#reserved = 0;
  }

  /**
   * To be waited for before a call is admitted, where it would fit but for what others may yet cost: they may come to
   * cost less.
   */
  wait(call: Call): Promise<void> | undefined {
    return this.#bounds?.wait(call, this.#setAside);
  }

  /** Sets aside what one more call may cost, or tells the bound that it does not fit. */
  admit(call: Call): Hold | Exclude<Interruption['reason'], 'unavailable'> {
    const roomForRollouts = this.#maxMetricCalls - this.#setAside - this.#scored;
    if (call === 'rollout' && this.#rolloutsInFlight >= roomForRollouts) return 'maxMetricCalls';
    const exceeded = this.#bounds?.exceeded(call, this.#setAside);
    if (exceeded !== undefined) return exceeded;
    if (call === 'rollout') this.#rolloutsInFlight++;
    return this.#bounds?.hold(call) ?? free[call];
  }

  /** A try failed and there will be another: until then nothing is set aside, but for what may be billed. */
  retry(hold: Hold | undefined, mayBeBilled: boolean): void {
    this.retries++;
    if (hold !== undefined) this.#bounds?.release(hold, mayBeBilled);
  }

  /**
   * Sets aside what a further try of a call may cost, or gives what is to be waited for first.
   *
   * @throws {Interrupted} when it does not fit a bound.
   */
  admitAgain(hold?: Hold): Promise<void> | undefined {
    if (hold === undefined || this.#bounds === undefined) return undefined;
    const wait = this.wait(hold.call);
    if (wait !== undefined) return wait;
    const exceeded = this.#bounds.exceeded(hold.call, this.#setAside);
    if (exceeded !== undefined) throw new Interrupted({ reason: exceeded });
    this.#bounds.holdAgain(hold);
    void this.setAside(hold);
    return undefined;
  }

  /** To be waited for before an admitted call is made. */
  setAside(hold: Hold): Promise<unknown> | undefined {
    return this.#bounds?.isTold(hold.call)
      ? this.#options.onSetAside?.(hold, this.#bounds.mostOf(hold))
      : undefined;
  }

  /** Ends an admitted call. What a complete rollout cost tells what others are likely to cost. */
  settle(hold: Hold, how: 'complete' | 'failed' | 'givenUp'): void {
    if (hold.call === 'rollout') this.#rolloutsInFlight--;
    if (how === 'complete' && hold.call === 'rollout') this.#bounds?.learn(hold.paid);
    this.#bounds?.release(hold, how === 'givenUp');
  }

  /**
   * Sets aside what a model call of a rollout or reflection can take at most; waits while others may yet leave room.
   *
   * @throws {Interrupted} when a bound leaves no room for it.
   * @throws {RunError} when it cannot be told what it can take, or the first is larger than a bound.
   */
  async admitCall(hold: Hold, request: CallRequest, isOver: () => boolean): Promise<Amount | undefined> {
    const bounds = this.#bounds;
    if (bounds === undefined) return undefined;
    const { prices } = this.#options;
    await prices?.waitFor(request.model);
    const told = mostOfCall(request, prices, this.#options.reserve?.outputTokens);
    const tooDear = bounds.tooDear(hold.call, told);
    if (tooDear !== undefined) {
      const why = whyTooDear(tooDear, hold.call, request, told);
      // Once there is something to lose, a call that is only too large ends the run as any does that finds no room.
      if (bounds.isUntouched || !(told[tooDear.of] < Number.POSITIVE_INFINITY)) throw new RunError(why);
      this.#options.note?.(why);
      throw new Interrupted({ reason: tooDear.bound });
    }
    const most = bounds.bounded(told);
    while (!isOver()) {
      const verdict = bounds.admitCall(hold, most);
      if (verdict === undefined) {
        if (!bounds.isTold(hold.call)) await this.#options.onSetAside?.(hold, bounds.mostOf(hold));
        return most;
      }
      if (typeof verdict === 'string') throw new Interrupted({ reason: verdict });
      if (request.outputTokens === undefined) this.#noteWait(request, most);
      await verdict;
    }
    return undefined;
  }

  #noteWait({ model = 'a model' }: CallRequest, { costUsd, tokens }: Amount): void {
    if (this.#hasNotedWait) return;
    this.#hasNotedWait = true;
    const most = costUsd > 0 ? `$${shown(costUsd)}` : `${shown(tokens)} tokens`;
    this.#options.note?.(
      `Model calls wait for one another: up to ${most} is set aside for each call of ${model}, which has no limit on what it writes. With a limit in the model's settings, or with \`reserve.outputTokens\`, more run at once.`,
    );
  }

  /** A model call ended; it is among what was spent once the try that it belongs to is paid. */
  endCall(hold: Hold, most: Amount, usage: Usage): void {
    const { modelCalls, inputTokens, outputTokens } = usage;
    if (modelCalls > 0 && inputTokens + outputTokens === 0 && usage.costUsd === undefined) {
      // Whoever tells of no tokens and no cost does not know.
      this.dropCall(hold, most, true);
      return;
    }
    const { costUsd = most.costUsd, ...tokens } = this.#priced(usage);
    this.#bounds?.endCall(hold, most, amountOf({ ...tokens, costUsd }));
  }

  /** A model call failed, or was given up. */
  dropCall(hold: Hold, most: Amount, mayBeBilled: boolean): void {
    this.#bounds?.dropCall(hold, most, mayBeBilled);
  }

  /** To be waited for before a usage is paid. */
  waitForPrices(usage: Usage | undefined): Promise<void> | undefined {
    return this.#options.prices?.wait(usage);
  }

  /**
   * What a try has cost, with its price by `prices`. `isMetered`: its model calls were admitted one by one.
   *
   * @throws {RunError} like `commit`, and when nobody said before what the try could cost.
   */
  pay(phase: Expense | 'judge', usage: Usage, hold: Hold | undefined, isMetered: boolean): Usage {
    const priced = this.note(phase, usage);
    if (hold !== undefined) this.#bounds?.account(hold, amountOf(priced));
    const paid = this.commit(phase, priced);
    if (hold !== undefined && !isMetered && usage.modelCalls > 0) this.#mustBeTold(phase, hold, paid);
    return paid;
  }

  /** A rollout was scored. */
  scored(phase: Expense): void {
    this.noteScored(phase);
    this.commitScored();
  }

  /** Notes what the replay has come to. */
  note(phase: Expense | 'judge', usage: Usage): Usage {
    const priced = this.#priced(usage);
    this.usage = addUsage(this.usage, priced);
    const spend = this.#of(phase);
    spend.usage = addUsage(spend.usage, priced);
    return priced;
  }

  noteScored(phase: Expense): void {
    this.metricCalls++;
    this.#of(phase).metricCalls++;
  }

  /**
   * Counts what was spent against the bounds.
   *
   * @throws {RunError} when there is a bound on what the usage does not tell.
   */
  commit(phase: Expense | 'judge', usage: Usage): Usage {
    const priced = this.#priced(usage);
    this.#bounds?.spend(amountOf(priced));
    if (usage.modelCalls > 0) this.#mustTell(phase, priced);
    return priced;
  }

  commitScored(): void {
    this.#scored++;
  }

  /** Counts what earlier sessions may have been billed for without an answer. */
  commitDoubt(amount: Amount): void {
    this.#bounds?.doubt(amount);
  }

  /** Says what that comes to. */
  noteDoubt(): void {
    for (const remark of this.#bounds?.earlierRemarks ?? []) this.#options.note?.(remark);
  }

  /** A rollout of an earlier session tells what one is likely to cost. */
  learnCost(usage: Usage): void {
    this.#bounds?.learn(amountOf(usage));
  }

  get #setAside(): number {
    return (this.#options.setsAside?.() ?? true) ? this.#reserved : 0;
  }

  #of(phase: Expense | 'judge') {
    let spend = this.#phases.get(phase);
    if (spend === undefined) {
      spend = { metricCalls: 0, usage: noUsage };
      this.#phases.set(phase, spend);
    }
    return spend;
  }

  #priced(usage: Usage): Usage {
    const { prices } = this.#options;
    return prices === undefined ? usage : priceUsage(usage, prices.priceOf);
  }

  #mustTell(phase: Expense | 'judge', usage: Usage): void {
    const call = `a ${phase === 'reflection' ? 'reflection' : 'rollout'} by ${namesIn(usage)}`;
    for (const bound of this.#bounds?.bounds ?? []) {
      if (bound === 'maxCostUsd' && usage.costUsd === undefined) {
        throw new RunError(
          `maxCostUsd is set, but the cost of ${call} is unknown. Give its price in \`prices\`, or report \`costUsd\` in the usage.`,
        );
      }
      if (bound === 'maxTokens' && usage.inputTokens + usage.outputTokens === 0) {
        throw new RunError(
          `maxTokens is set, but ${call} reported no tokens. Report \`inputTokens\` and \`outputTokens\` in the usage.`,
        );
      }
    }
  }

  #mustBeTold(phase: Expense | 'judge', { call }: Hold, usage: Usage): void {
    if (this.#bounds === undefined || this.#bounds.isTold(call)) return;
    const [bound] = this.#bounds.bounds;
    const who = phase === 'judge' ? 'the metric' : phase === 'reflection' ? 'the reflection model' : 'run()';
    throw new RunError(
      `${bound} is set, but what ${who} reports to have spent on ${namesIn(usage)} was not told of before. Say in \`reserve.${call}\` what a ${call} can cost at most, or begin each model call at the \`meter\`.`,
    );
  }
}

const namesIn = ({ byModel = {} }: Usage) => Object.keys(byModel).join(', ') || 'a model that was not named';
