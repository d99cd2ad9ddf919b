import type { Channel } from 'node:diagnostics_channel';

/** What the `fetch` of Node reports about a connection. */
interface Connection {
  readonly connectParams: { readonly host: string };
  readonly error?: unknown;
}

/**
 * Notices hosts that were never reached, where the runtime reports connections (Node). LangChain's clients try again for
 * minutes, by default, before they say so; the models themselves stay as they are.
 */
export class HostWatch {
  readonly #hosts: ReadonlySet<string>;
  readonly #reached = new Set<string>();

  constructor(hosts: ReadonlySet<string>) {
    this.#hosts = hosts;
  }

  /**
   * A signal that is also aborted, with the error as its reason, when a connection to a host fails that was never reached.
   * `stop` ends the watch.
   */
  during(
    signal: AbortSignal,
    onUnreached: (error: Error) => void,
  ): { signal: AbortSignal; stop: () => void } {
    if (this.#hosts.size === 0) return { signal, stop: () => {} };
    const unreached = new AbortController();
    const onConnected = (message: unknown) => {
      this.#reached.add((message as Connection).connectParams.host);
    };
    const onError = (message: unknown) => {
      const { connectParams, error: cause } = message as Connection;
      const { host } = connectParams;
      if (!this.#hosts.has(host) || this.#reached.has(host)) return;
      const error = new Error(`The model at ${host} cannot be reached.`, { cause });
      onUnreached(error);
      unreached.abort(error);
    };
    const connected = channel('undici:client:connected');
    const failed = channel('undici:client:connectError');
    connected?.subscribe(onConnected);
    failed?.subscribe(onError);
    const stop = () => {
      connected?.unsubscribe(onConnected);
      failed?.unsubscribe(onError);
    };
    return { signal: AbortSignal.any([signal, unreached.signal]), stop };
  }
}

function channel(name: string): Channel | undefined {
  return globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')?.channel(name);
}
