import type { GepaEvent, Listener } from '../events.ts';
import { messageOf } from '../text/error-message.ts';

/** Passes events to the listeners, and collects the warnings. */
export interface Dispatcher<Name extends string> {
  readonly add: (listener: Listener<Name>) => void;
  /** Sends an event to the listeners, with its messages masked, and returns the masked event. */
  readonly dispatch: <Event extends GepaEvent<Name>>(event: Event) => Event;
  /** Sends a notice to the listeners. Unlike a warning, it is not part of the result. */
  readonly note: (message: string) => void;
  /** Warns once per message; the result contains the warning. */
  readonly warn: (message: string) => void;
  readonly warnings: readonly string[];
}

/** They may repeat what a provider or a program wrote. */
const maskedFields = ['message', 'error', 'feedback'] as const;

/**
 * A listener that throws causes one warning and stays subscribed.
 *
 * @param mask Masks the texts of events.
 */
export function createDispatcher<Name extends string>(
  mask: (message: string) => string = (message) => message,
): Dispatcher<Name> {
  const listeners: Listener<Name>[] = [];
  const warnings: string[] = [];
  const reported = new Set<Listener<Name>>();

  const report = (listener: Listener<Name>, error: unknown) => {
    if (reported.has(listener)) return;
    reported.add(listener);
    warn(`An event listener threw; the run goes on: ${messageOf(error)}`);
  };
  const send = (event: GepaEvent<Name>) => {
    for (const listener of listeners) {
      try {
        const returned: unknown = listener(event);
        if (returned instanceof Promise) returned.catch((error: unknown) => report(listener, error));
      } catch (error) {
        report(listener, error);
      }
    }
  };
  const dispatch = <Event extends GepaEvent<Name>>(event: Event): Event => {
    let sent = event;
    for (const name of maskedFields) {
      const text = (event as { readonly [name]?: string })[name];
      if (text !== undefined) sent = { ...sent, [name]: mask(text) };
    }
    send(sent);
    return sent;
  };
  const warn = (raw: string) => {
    const message = mask(raw);
    if (warnings.includes(message)) return;
    warnings.push(message);
    send({ type: 'warning', message });
  };
  return {
    add: (listener) => listeners.push(listener),
    dispatch,
    note: (message) => dispatch({ type: 'notice', message }),
    warn,
    warnings,
  };
}
