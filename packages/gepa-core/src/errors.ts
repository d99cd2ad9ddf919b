import type { PromptImage } from './adapter/prompt-image.ts';
import type { Step } from './adapter/trace.ts';
import type { Usage } from './budget/usage.ts';
import type { OptimizationResult } from './result.ts';
import type { Comparison } from './statistics/compare.ts';
import { visible } from './text/visible.ts';

const marker = Symbol.for('gepa.error');

/** An error class with any constructor signature. */
type ErrorClass<E> = (abstract new (...args: never[]) => E) & { readonly kind: string };

/**
 * The base class of all errors of this package. `isInstance` of each class also recognizes errors thrown by a second
 * copy of the package, which `instanceof` does not.
 */
export class GepaError extends Error {
  static readonly kind: string = 'GepaError';
  readonly [marker]: readonly string[];

  constructor(message: string, options?: { cause?: unknown }) {
    // The message may contain names and texts from programs, files and providers, and is shown in a terminal.
    super(visible(message), options);
    this.name = new.target.kind;
    this[marker] = kindsOf(new.target);
  }

  static isInstance<E>(this: ErrorClass<E>, value: unknown): value is E {
    const kinds = (value as { [marker]?: readonly string[] } | null)?.[marker];
    // biome-ignore lint/complexity/noThisInStatic: `this` is the subclass on which it is called.
    return kinds?.includes(this.kind) ?? false;
  }
}

function kindsOf(errorClass: typeof GepaError): string[] {
  const kinds: string[] = [];
  for (let c = errorClass; c?.kind !== undefined; c = Object.getPrototypeOf(c)) kinds.push(c.kind);
  return kinds;
}

/** The options or arguments are invalid. Thrown before the first call. */
export class OptionsError extends GepaError {
  static override readonly kind = 'OptionsError';
  /** One sentence for each problem. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: { cause?: unknown }) {
    super(
      problems.length === 1 ? problems[0]! : `${problems.length} problems:\n- ${problems.join('\n- ')}`,
      options,
    );
    this.problems = problems;
  }
}

/** The program has no components. */
export class NoComponentsError extends GepaError {
  static override readonly kind = 'NoComponentsError';
}

/** A candidate to load or apply does not fit the program's components. */
export class CandidateMismatchError extends GepaError {
  static override readonly kind = 'CandidateMismatchError';
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  /** Components whose text in the program differs from the text that was optimized. */
  readonly changed: readonly string[];
  /** Components whose text is empty, lacks a variable, or has one that the program does not fill in. */
  readonly invalid: readonly string[];

  constructor(
    message: string,
    names: {
      missing: readonly string[];
      unknown: readonly string[];
      changed?: readonly string[];
      invalid?: readonly string[];
    },
  ) {
    super(message);
    this.missing = names.missing;
    this.unknown = names.unknown;
    this.changed = names.changed ?? [];
    this.invalid = names.invalid ?? [];
  }
}

/** A file does not have the expected format, or has a version that this package cannot read. */
export class FileFormatError extends GepaError {
  static override readonly kind = 'FileFormatError';
}

/** A file (saved candidate, examples, report) cannot be read or written. `cause` is the file system's error. */
export class FileAccessError extends GepaError {
  static override readonly kind = 'FileAccessError';
}

/** A run directory cannot be created, read or written. */
export class RunDirectoryError extends GepaError {
  static override readonly kind: string = 'RunDirectoryError';
}

/** Another process is using the run directory. */
export class RunDirectoryLockedError extends RunDirectoryError {
  static override readonly kind = 'RunDirectoryLockedError';
}

/** The run directory belongs to a run with another program, other examples, another seed or another strategy. */
export class RunDirectoryMismatchError extends RunDirectoryError {
  static override readonly kind = 'RunDirectoryMismatchError';
  /** The differences, each as a clause. */
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

/** Thrown by an adapter's `run` to report a failed rollout with its trace and usage. */
export class RolloutError<Trace = readonly Step[]> extends GepaError {
  static override readonly kind: string = 'RolloutError';
  readonly trace: Trace | undefined;
  readonly usage: Usage | undefined;
  /** See `Execution.unread`. */
  readonly unread: readonly string[] | undefined;
  /** See `Execution.images`. */
  readonly images: readonly PromptImage[] | undefined;
  /** Whether no text can help, for example because the program waits for a person. */
  readonly isHopeless: boolean;

  constructor(
    message: string,
    details: {
      cause: unknown;
      trace?: Trace | undefined;
      usage?: Usage | undefined;
      unread?: readonly string[] | undefined;
      images?: readonly PromptImage[] | undefined;
      isHopeless?: boolean | undefined;
    },
  ) {
    super(message, { cause: details.cause });
    // The reflection model reads the message as the program wrote it.
    this.message = message;
    this.trace = details.trace;
    this.usage = details.usage;
    this.unread = details.unread;
    this.images = details.images;
    this.isHopeless = details.isHopeless === true;
  }
}

/** A rollout did not finish within `rolloutTimeoutMs`. */
export class RolloutTimeoutError extends GepaError {
  static override readonly kind = 'RolloutTimeoutError';
}

/** A run failed after its start. `result` has everything measured so far if the seed candidate was scored. */
export class RunError extends GepaError {
  static override readonly kind: string = 'RunError';
  declare result: OptimizationResult | undefined;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    // Not enumerable: Node prints every enumerable field of an uncaught error, which would be hundreds of lines.
    Object.defineProperty(this, 'result', { value: undefined, writable: true, configurable: true });
  }
}

/** The metric returned an invalid score, or other objectives than for earlier rollouts. */
export class MetricError extends RunError {
  static override readonly kind = 'MetricError';
}

/** The seed candidate could not be scored. */
export class SeedError extends RunError {
  static override readonly kind = 'SeedError';
}

/** The proposer failed repeatedly with an error that is not transient. */
export class ProposerError extends RunError {
  static override readonly kind = 'ProposerError';
}

/** A custom strategy returned an invalid value. */
export class StrategyError extends RunError {
  static override readonly kind = 'StrategyError';
}

/** A candidate scores lower than another by more than the margin of `assertNotWorse`. */
export class RegressionError extends GepaError {
  static override readonly kind = 'RegressionError';
  readonly comparison: Comparison;

  constructor(message: string, comparison: Comparison) {
    super(message);
    this.comparison = comparison;
  }
}
