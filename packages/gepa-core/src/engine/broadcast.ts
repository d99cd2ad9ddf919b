import { messageOf } from '../effects/failures.ts';
import type { GepaEvent, Listener } from '../events.ts';

/** Tells the listeners what happens, and keeps the warnings. */
export interface Broadcast<Name extends string> {
  readonly add: (listener: Listener<Name>) => void;
  readonly emit: (event: GepaEvent<Name>) => void;
  /** Whether anybody listens; if not, an event need not even be made. */
  readonly isHeard: () => boolean;
  /** Something to know that says nothing about the result. */
  readonly note: (message: string) => void;
  /** The same warning is given once, and stands in the result. */
  readonly warn: (message: string) => void;
  readonly warnings: readonly string[];
}

/** A listener that throws is reported once, as a warning to all; it goes on being told. */
export function createBroadcast<Name extends string>(): Broadcast<Name> {
  const listeners: Listener<Name>[] = [];
  const warnings: string[] = [];
  const reported = new Set<Listener<Name>>();

  const report = (listener: Listener<Name>, error: unknown) => {
    if (reported.has(listener)) return;
    reported.add(listener);
    warn(`An event listener threw; the run goes on: ${messageOf(error)}`);
  };
  const emit = (event: GepaEvent<Name>) => {
    for (const listener of listeners) {
      try {
        const returned: unknown = listener(event);
        if (returned instanceof Promise) returned.catch((error: unknown) => report(listener, error));
      } catch (error) {
        report(listener, error);
      }
    }
  };
  const note = (message: string) => emit({ type: 'warning', message });
  const warn = (message: string) => {
    if (warnings.includes(message)) return;
    warnings.push(message);
    note(message);
  };
  return {
    add: (listener) => listeners.push(listener),
    emit,
    isHeard: () => listeners.length > 0,
    note,
    warn,
    warnings,
  };
}
