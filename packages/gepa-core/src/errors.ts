import type { Step } from './adapter/trace.ts';
import type { Usage } from './budget/usage.ts';
import type { OptimizationResult } from './result.ts';

const marker = Symbol.for('gepa.error');

/** A class of errors, whatever its constructor takes. */
type ErrorClass<E> = (abstract new (...args: never[]) => E) & { readonly kind: string };

/**
 * The root of all errors of this package. `GepaError.isInstance` and the `isInstance` of each class also hold for
 * errors of a second copy of the package, where `instanceof` fails.
 */
export class GepaError extends Error {
  static readonly kind: string = 'GepaError';
  readonly [marker]: readonly string[];

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.kind;
    this[marker] = kindsOf(new.target);
  }

  static isInstance<E>(this: ErrorClass<E>, value: unknown): value is E {
    const kinds = (value as { [marker]?: readonly string[] } | null)?.[marker];
    // biome-ignore lint/complexity/noThisInStatic: a subclass asks for its own kind.
    return kinds?.includes(this.kind) ?? false;
  }
}

function kindsOf(errorClass: typeof GepaError): string[] {
  const kinds: string[] = [];
  for (let c = errorClass; c?.kind !== undefined; c = Object.getPrototypeOf(c)) kinds.push(c.kind);
  return kinds;
}

/** What was handed in cannot be run. Thrown before anything is spent. */
export class OptionsError extends GepaError {
  static override readonly kind = 'OptionsError';
  /** Each problem as one sentence. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: { cause?: unknown }) {
    super(
      problems.length === 1 ? problems[0]! : `${problems.length} problems:\n- ${problems.join('\n- ')}`,
      options,
    );
    this.problems = problems;
  }
}

/** The program holds no text that could be optimized. */
export class NoComponentsError extends GepaError {
  static override readonly kind = 'NoComponentsError';
}

/** A candidate (loaded, applied) does not fit the program's components. */
export class CandidateMismatchError extends GepaError {
  static override readonly kind = 'CandidateMismatchError';
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  /** Components whose own text is not the one that was optimized. */
  readonly changed: readonly string[];

  constructor(
    message: string,
    names: { missing: readonly string[]; unknown: readonly string[]; changed?: readonly string[] },
  ) {
    super(message);
    this.missing = names.missing;
    this.unknown = names.unknown;
    this.changed = names.changed ?? [];
  }
}

/** A file is not one of ours, or of a version this package does not know. */
export class FileFormatError extends GepaError {
  static override readonly kind = 'FileFormatError';
}

/** A run directory cannot be made, read or written. */
export class RunDirectoryError extends GepaError {
  static override readonly kind: string = 'RunDirectoryError';
}

/** Another process works in the run directory. */
export class RunDirectoryLockedError extends RunDirectoryError {
  static override readonly kind = 'RunDirectoryLockedError';
}

/** The run directory belongs to a run of another program, other examples, another seed or another strategy. */
export class RunDirectoryMismatchError extends RunDirectoryError {
  static override readonly kind = 'RunDirectoryMismatchError';
  /** What differs, a part of a sentence each. */
  readonly differences: readonly string[];

  constructor(message: string, differences: readonly string[]) {
    super(message);
    this.differences = differences;
  }
}

/** A line of the journal cannot be read. */
export class JournalDamagedError extends RunDirectoryError {
  static override readonly kind = 'JournalDamagedError';
  /** Counted from 1. */
  readonly line: number;

  constructor(message: string, line: number, options?: { cause?: unknown }) {
    super(message, options);
    this.line = line;
  }
}

/** Thrown by an adapter's `run` to report a failed run together with its trace and what it cost. */
export class RolloutError<Trace = readonly Step[]> extends GepaError {
  static override readonly kind: string = 'RolloutError';
  readonly trace: Trace | undefined;
  readonly usage: Usage | undefined;

  constructor(message: string, details: { cause: unknown; trace?: Trace; usage?: Usage }) {
    super(message, { cause: details.cause });
    this.trace = details.trace;
    this.usage = details.usage;
  }
}

/** A rollout did not end within `rolloutTimeoutMs`. */
export class RolloutTimeoutError extends GepaError {
  static override readonly kind = 'RolloutTimeoutError';
}

/** A run that had begun could not go on. `result` holds everything measured up to then, if the seed was scored. */
export class RunError extends GepaError {
  static override readonly kind: string = 'RunError';
  result: OptimizationResult | undefined;
}

/** The metric broke its contract: no finite score, or other objectives than before. */
export class MetricError extends RunError {
  static override readonly kind = 'MetricError';
}

/** The seed candidate could not be measured. */
export class SeedError extends RunError {
  static override readonly kind = 'SeedError';
}

/** The proposer kept failing for a reason of its own. */
export class ProposerError extends RunError {
  static override readonly kind = 'ProposerError';
}

/** A strategy of the caller's own returned something that cannot be used. */
export class StrategyError extends RunError {
  static override readonly kind = 'StrategyError';
}
