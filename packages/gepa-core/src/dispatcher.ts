import { messageOf } from './calls/classify-error.ts';
import type { GepaEvent, Listener } from './events.ts';

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

/**
 * A listener that throws is reported once, as a warning to all; it goes on being told. `mask` is for messages, which may
 * repeat what a provider or a program said.
 */
export function createBroadcast<Name extends string>(
  mask: (message: string) => string = (message) => message,
): Broadcast<Name> {
  const listeners: Listener<Name>[] = [];
  const warnings: string[] = [];
  const reported = new Set<Listener<Name>>();

  const report = (listener: Listener<Name>, error: unknown) => {
    if (reported.has(listener)) return;
    reported.add(listener);
    warn(`An event listener threw; the run goes on: ${messageOf(error)}`);
  };
  const tell = (event: GepaEvent<Name>) => {
    for (const listener of listeners) {
      try {
        const returned: unknown = listener(event);
        if (returned instanceof Promise) returned.catch((error: unknown) => report(listener, error));
      } catch (error) {
        report(listener, error);
      }
    }
  };
  const emit = (event: GepaEvent<Name>) =>
    tell('message' in event ? { ...event, message: mask(event.message) } : event);
  const warn = (raw: string) => {
    const message = mask(raw);
    if (warnings.includes(message)) return;
    warnings.push(message);
    tell({ type: 'warning', message });
  };
  return {
    add: (listener) => listeners.push(listener),
    emit,
    isHeard: () => listeners.length > 0,
    note: (message) => emit({ type: 'warning', message }),
    warn,
    warnings,
  };
}
