import { checkArgument } from '../check-options.ts';
import { aFunction } from '../kinds.ts';

/** An abort signal for Ctrl-C. */
export interface Interrupt extends Disposable {
  /** For the option `signal`. Aborted by the first Ctrl-C or SIGTERM; the run then ends with its best candidate. */
  readonly signal: AbortSignal;
  /** Removes the signal handlers. */
  release(): void;
}

/**
 * Handles Ctrl-C and SIGTERM: the first one aborts the signal, the second one exits the process with code 130 (143 for
 * SIGTERM).
 *
 * @param onFirst Called after the first one.
 * @throws {OptionsError} when `onFirst` is not a function.
 * @example
 * using interrupt = interruptible();
 * const compiled = await target.compile({ …, runDir: 'runs/triage', signal: interrupt.signal });
 */
export function interruptible(onFirst?: () => void): Interrupt {
  if (onFirst !== undefined) checkArgument('`onFirst`', onFirst, aFunction);
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
