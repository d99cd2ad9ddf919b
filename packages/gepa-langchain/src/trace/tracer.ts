import { BaseTracer, type Run } from '@langchain/core/tracers/base';

/** Records the runs of one rollout. It can be read at any time, also while runs are still going on. */
export class RolloutTracer extends BaseTracer {
  static readonly handlerName = 'gepa_rollout';
  readonly name = RolloutTracer.handlerName;
  readonly #roots: Run[] = [];
  readonly #seen = new Set<string>();
  #closed = false;

  constructor() {
    // LangChain runs handlers in the background otherwise, and the runs would not be here when the program returns.
    super({ _awaitHandler: true });
  }

  /** The outermost runs seen so far, in the order they began. */
  get roots(): readonly Run[] {
    return this.#roots;
  }

  /** Takes no further roots: what a program that was given up still starts belongs to nobody. */
  close(): void {
    this.#closed = true;
  }

  override onRunCreate(run: Run): void {
    // A run whose parent this tracer has not seen began inside somebody else's run.
    const isRoot = run.parent_run_id === undefined || !this.#seen.has(run.parent_run_id);
    this.#seen.add(run.id);
    if (isRoot && !this.#closed) this.#roots.push(run);
  }

  protected override async persistRun(): Promise<void> {}

  protected override stringifyError(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
  }
}
