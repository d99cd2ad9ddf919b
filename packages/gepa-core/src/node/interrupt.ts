/** Ctrl-C as an abort signal. */
export interface Interrupt extends Disposable {
  /** For the option `signal`: aborted by the first Ctrl-C (or SIGTERM), so that the run ends with the best so far. */
  readonly signal: AbortSignal;
  /** Leaves Ctrl-C to others again. */
  release(): void;
}

/**
 * Lets a person end a run: the first Ctrl-C stops it gracefully, the second ends the process at once, with the exit
 * code of one that was interrupted (130; 143 for SIGTERM).
 *
 * @example
 * using interrupt = interruptible();
 * const compiled = await target.compile({ …, runDir: 'runs/triage', signal: interrupt.signal });
 */
export function interruptible(onFirst?: () => void): Interrupt {
  const controller = new AbortController();
  const codes = { SIGINT: 130, SIGTERM: 143 };
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(codes[name as keyof typeof codes]);
    controller.abort(new Error(`Interrupted by ${name}.`));
    onFirst?.();
  };
  const release = () => {
    for (const name of Object.keys(codes)) process.off(name, onSignal);
  };
  for (const name of Object.keys(codes)) process.on(name, onSignal);
  return { signal: controller.signal, release, [Symbol.dispose]: release };
}
