import type { Usage } from './usage.ts';

/** Something that is admitted before it starts and settled when it ends. */
export type Call = 'rollout' | 'reflection';

/** What one try of a call may cost at most. */
export interface Reserve {
  readonly tokens?: number;
  readonly costUsd?: number;
}

/** What is to be set aside under a bound. */
export interface ReserveOptions extends Partial<Record<Call, Reserve>> {
  /**
   * The most tokens that a model call writes which has no limit of its own. Default: as many as the model can read, which
   * may be far more than it can write.
   */
  readonly outputTokens?: number;
}

/** What is bounded. */
export type Amount = Required<Reserve>;

export const nothing: Amount = { tokens: 0, costUsd: 0 };

export const amountOf = ({ inputTokens, outputTokens, costUsd = 0 }: Usage): Amount => ({
  tokens: inputTokens + outputTokens,
  costUsd,
});

export const isNothing = ({ tokens, costUsd }: Amount): boolean => tokens === 0 && costUsd === 0;

export const sumOf = (amounts: Iterable<Amount>): Amount => {
  let [tokens, costUsd] = [0, 0];
  for (const amount of amounts) {
    tokens += amount.tokens;
    costUsd += amount.costUsd;
  }
  return { tokens, costUsd };
};

/** An admitted call, for which is set aside what it may cost and has not cost yet. */
export interface Hold {
  readonly call: Call;
  /** Tells it from others; absent where nothing is bounded. */
  readonly number?: number;
  /** What it has cost in all. */
  cost: Amount;
  /** What its present try has cost, as far as it is among what was spent. */
  paid: Amount;
  /** What its model calls have cost that ended since. */
  ended: Amount;
  /** The most that its model calls under way can cost. */
  readonly open: Set<Amount>;
  /** Whether it tells of its model calls before they are made. */
  isMetered: boolean;
  /** What it may have cost without an answer, over all tries. */
  inDoubt: Amount;
}

export const newHold = (call: Call, number?: number): Hold => ({
  call,
  ...(number === undefined ? {} : { number }),
  cost: nothing,
  paid: nothing,
  ended: nothing,
  open: new Set(),
  isMetered: false,
  inDoubt: nothing,
});

export type Bound = 'maxCostUsd' | 'maxTokens';

/** A bound that a single call could cross. */
export type TooDear = Pick<Meter, 'bound' | 'of' | 'limit'>;

interface Meter {
  readonly bound: Bound;
  readonly of: keyof Amount;
  readonly limit: number;
  /** What a try can cost at most, where the caller says so. */
  readonly told: Record<Call, number | undefined>;
  /** The least that any model call of a kind could have cost at most: below that, none will be admitted. */
  readonly least: Record<Call, number>;
  /** The same for the dearest of rollouts. */
  dearest: number;
  /** All rollouts that came to their end, to know what one costs on the average. */
  readonly rollouts: { count: number; sum: number };
}

/** Many rollouts together seldom cost so much more than as many before them. */
export const laterMargin = 1.25;

export interface SpendingBoundsOptions {
  readonly maxCostUsd?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly reserve?: ReserveOptions | undefined;
}

/**
 * Bounds on what is only known when it is spent. What a call can cost at most is set aside before it starts: a whole try,
 * where the caller says what that is (`reserve`), else each of its model calls, as it comes. What was given up on and may
 * be billed all the same stays set aside for good. So what is spent can never come to more than a bound.
 */
export class SpendingBounds {
  readonly #meters: readonly Meter[];
  readonly #holds = new Set<Hold>();
  #spent: Amount = nothing;
  /** What may have been billed without an answer: in all, and in this session. */
  #inDoubt: Amount = nothing;
  #inDoubtNow: Amount = nothing;
  #waiting: (() => void)[] = [];
  #nextNumber = 0;

  constructor({ maxCostUsd, maxTokens, reserve }: SpendingBoundsOptions) {
    const meter = (bound: Bound, of: keyof Amount, limit: number | undefined): Meter[] => {
      if (limit === undefined) return [];
      const told = { rollout: reserve?.rollout?.[of], reflection: reserve?.reflection?.[of] };
      const least = { rollout: 0, reflection: 0 };
      return [{ bound, of, limit, told, least, dearest: 0, rollouts: { count: 0, sum: 0 } }];
    };
    this.#meters = [
      ...meter('maxCostUsd', 'costUsd', maxCostUsd),
      ...meter('maxTokens', 'tokens', maxTokens),
    ];
  }

  get bounds(): readonly Bound[] {
    return this.#meters.map(({ bound }) => bound);
  }

  /** The bound that a whole try could come to exceed, beside what is spent and set aside. */
  exceeded(call: Call, laterRollouts: number): Bound | undefined {
    return this.#exceeded(call, laterRollouts, this.#holds);
  }

  /** To be waited for where a try would fit but for what others may yet cost: they may come to cost less. */
  wait(call: Call, laterRollouts: number): Promise<void> | undefined {
    if (this.#holds.size === 0 || this.exceeded(call, laterRollouts) === undefined) return undefined;
    return this.#exceeded(call, laterRollouts, []) === undefined ? this.#change() : undefined;
  }

  /** Sets aside what a try may cost. */
  hold(call: Call): Hold {
    const hold = newHold(call, this.#nextNumber++);
    this.#holds.add(hold);
    return hold;
  }

  /** The same for a further try. */
  holdAgain(hold: Hold): void {
    hold.paid = nothing;
    hold.isMetered = false;
    this.#holds.add(hold);
  }

  /** Ends a try. `mayBeBilled`: nobody knows whether it cost more than was told. */
  release(hold: Hold, mayBeBilled: boolean): void {
    if (!this.#holds.delete(hold)) return;
    for (const most of hold.open) this.#doubt(hold, most);
    hold.open.clear();
    if (mayBeBilled && !hold.isMetered) {
      const rest: { -readonly [Of in keyof Amount]: Amount[Of] } = { ...nothing };
      for (const { of, told } of this.#meters) rest[of] = Math.max(0, (told[hold.call] ?? 0) - hold.paid[of]);
      this.#doubt(hold, rest);
    }
    this.#changed();
  }

  /** Whether the caller says what a try can cost at most. Else its model calls are admitted one by one. */
  isTold(call: Call): boolean {
    return this.#meters.every(({ told }) => told[call] !== undefined);
  }

  /** What a call may come to cost, all its tries included, by what is set aside for it now. */
  mostOf(hold: Hold): Amount {
    const { cost, inDoubt, ended, open, call } = hold;
    const most = { ...sumOf([cost, inDoubt, ended, ...open]) };
    if (this.isTold(call)) {
      for (const meter of this.#meters)
        most[meter.of] = cost[meter.of] + inDoubt[meter.of] + held(meter, hold);
    }
    return most;
  }

  /** Nothing is said of what is not bounded. */
  bounded(amount: Amount): Amount {
    return Object.assign({ ...nothing }, ...this.#meters.map(({ of }) => ({ [of]: amount[of] })));
  }

  /** Whether nothing was spent yet. */
  get isUntouched(): boolean {
    return isNothing(this.#spent);
  }

  /** The bound that a single model call is too dear for, even if it were the only one. */
  tooDear(call: Call, most: Amount): TooDear | undefined {
    return this.isTold(call) ? undefined : this.#meters.find(({ of, limit }) => !(most[of] <= limit));
  }

  /**
   * Sets aside what a model call can cost at most. Otherwise gives what is to be waited for, or the bound that leaves no
   * room for it, whatever others come to cost.
   */
  admitCall(hold: Hold, most: Amount): Promise<void> | Bound | undefined {
    let mustWait = false;
    for (const { bound, of, limit } of this.isTold(hold.call) ? [] : this.#meters) {
      let sum = this.#spent[of] + this.#inDoubt[of] + most[of];
      for (const { ended } of this.#holds) sum += ended[of];
      if (sum > limit) return bound;
      for (const other of this.#holds) sum += this.#notEnded(other, of);
      mustWait ||= sum > limit;
    }
    if (mustWait) return this.#change();
    hold.isMetered = true;
    hold.open.add(most);
    for (const meter of this.#meters) {
      const { least } = meter;
      least[hold.call] = Math.min(least[hold.call] || Number.POSITIVE_INFINITY, most[meter.of]);
      if (hold.call === 'rollout') meter.dearest = Math.max(meter.dearest, most[meter.of]);
    }
    return undefined;
  }

  /** A model call ended. */
  endCall(hold: Hold, most: Amount, cost: Amount): void {
    if (!hold.open.delete(most)) return;
    hold.ended = sumOf([hold.ended, cost]);
    this.#changed();
  }

  /** A model call was given up, or failed. */
  dropCall(hold: Hold, most: Amount, mayBeBilled: boolean): void {
    if (!hold.open.delete(most)) return;
    if (mayBeBilled) this.#doubt(hold, most);
    this.#changed();
  }

  /** What a try has cost is among what was spent from now on. */
  account(hold: Hold, cost: Amount): void {
    if (!this.#holds.has(hold)) return;
    hold.ended = nothing;
    hold.paid = sumOf([hold.paid, cost]);
    hold.cost = sumOf([hold.cost, cost]);
  }

  spend(cost: Amount): void {
    this.#spent = sumOf([this.#spent, cost]);
    this.#changed();
  }

  /** What an earlier session may have been billed for. */
  doubt(amount: Amount): void {
    this.#inDoubt = sumOf([this.#inDoubt, amount]);
  }

  /** A rollout came to its end. */
  learn(cost: Amount): void {
    for (const { of, rollouts } of this.#meters) {
      rollouts.count++;
      rollouts.sum += cost[of];
    }
  }

  /** What is to be said of the bounds at the end, a sentence each. */
  get remarks(): string[] {
    return this.#meters.flatMap(({ bound, of, limit }) => [
      ...(this.#spent[of] > limit
        ? [
            `${bound} is ${limit}, but the run took ${shown(this.#spent[of])}: a call took more than it was said to take at most, or the bound was larger in an earlier session.`,
          ]
        : []),
      ...this.#remarkOnDoubt(bound, this.#inDoubtNow[of]),
    ]);
  }

  /** The same of what earlier sessions left behind. */
  get earlierRemarks(): string[] {
    return this.#meters.flatMap(({ bound, of }) => this.#remarkOnDoubt(bound, this.#inDoubt[of]));
  }

  #remarkOnDoubt(bound: Bound, amount: number): string[] {
    if (amount === 0) return [];
    return [
      `Calls were given up on, or broke off, that may be billed all the same: ${shown(amount)} of ${bound} is set aside for them, and in no sum.`,
    ];
  }

  #exceeded(call: Call, laterRollouts: number, others: Iterable<Hold>): Bound | undefined {
    for (const meter of this.#meters) {
      const { bound, of, limit } = meter;
      let sum = this.#spent[of] + this.#inDoubt[of];
      if (sum >= limit) return bound;
      sum += costOfLater(meter, laterRollouts);
      for (const hold of others) sum += held(meter, hold);
      if (sum + costOfTry(meter, call) > limit) return bound;
    }
    return undefined;
  }

  /** What others can cost beyond what they have cost. */
  #notEnded(hold: Hold, of: keyof Amount): number {
    const meter = this.#meters.find((one) => one.of === of)!;
    return meter.told[hold.call] === undefined ? sumOf(hold.open)[of] : held(meter, hold) - hold.ended[of];
  }

  #doubt(hold: Hold, amount: Amount): void {
    hold.inDoubt = sumOf([hold.inDoubt, amount]);
    this.#inDoubtNow = sumOf([this.#inDoubtNow, amount]);
    this.doubt(amount);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}

const shown = (amount: number) => String(Number(amount.toPrecision(6)));

/** What a try is taken to cost: the most, where that is told, else what is likely. */
function costOfTry({ told, least, rollouts }: Meter, call: Call): number {
  const mean = call === 'rollout' && rollouts.count > 0 ? rollouts.sum / rollouts.count : 0;
  return told[call] ?? Math.max(mean, least[call]);
}

/** What is set aside for a try and not among what was spent. */
function held(meter: Meter, { call, paid, ended, open }: Hold): number {
  const { of } = meter;
  const taken = paid[of] + ended[of] + sumOf(open)[of];
  return Math.max(costOfTry(meter, call), taken) - paid[of];
}

/** What so many rollouts are likely to cost; there must be room for the dearest until the last has begun. */
function costOfLater(meter: Meter, rollouts: number): number {
  const { count, sum } = meter.rollouts;
  if (rollouts === 0 || count === 0) return 0;
  return (laterMargin * rollouts * sum) / count + Math.max(costOfTry(meter, 'rollout'), meter.dearest);
}
