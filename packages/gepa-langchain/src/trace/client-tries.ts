import type { CallMeter } from 'gepa-core';
import { ModelCallError } from 'gepa-core/adapter';

/** An HTTP request within a rollout. */
export interface ClientRequest {
  /** The host with its port. */
  readonly host: string;
  readonly method: string;
  readonly path: string;
}

/** A call of a model on Bedrock, whose client keeps its address to itself. */
const bedrockPath = /^\/model\/[^/]+\/(converse|invoke)/;
/** Clients that keep their default address to themselves. */
const defaultHosts = /(^|\.)(googleapis\.com|amazonaws\.com|mistral\.ai)(:\d+)?$/;

const keyOf = ({ method, host, path }: ClientRequest) => `${method} ${host}${path}`;

/**
 * Reports the failed requests of a model call in progress. LangChain's clients retry without a message, and give up only
 * after minutes.
 */
export class ClientTries {
  readonly #meter: CallMeter | undefined;
  readonly #hosts: () => ReadonlySet<string>;
  readonly #inFlight = new Set<ClientRequest>();
  /** The number of failed requests of the present model call, by host. */
  readonly #failures = new Map<string, number>();
  /** Requests of the present model call that were answered with a success status. */
  readonly #responded = new Set<string>();
  #openCalls = 0;
  #onRetry: { readonly host: string; readonly call: () => void } | undefined;

  /** @param hosts the hosts, with ports, that the models state in their settings or clients. */
  constructor(meter: CallMeter | undefined, hosts: () => ReadonlySet<string> = () => new Set()) {
    this.#meter = meter;
    this.#hosts = hosts;
  }

  callBegan(): void {
    if (this.#openCalls++ === 0) this.#clear();
  }

  callEnded(): void {
    if (--this.#openCalls <= 0) this.#clear();
  }

  began(call: ClientRequest): void {
    if (this.#openCalls === 0) return;
    const { host } = call;
    // The same request again for the same call: the response was not an answer. A GET may ask for a result that takes time.
    if (this.#openCalls === 1 && call.method === 'POST' && this.#responded.delete(keyOf(call)))
      this.#report(call, new ModelCallError(`The response of ${host} was not an answer.`, 'transient'));
    this.#inFlight.add(call);
    if (this.#onRetry?.host !== host) return;
    const { call: onRetry } = this.#onRetry;
    this.#onRetry = undefined;
    onRetry();
  }

  ended(call: ClientRequest, error: unknown): void {
    this.#inFlight.delete(call);
    if (this.#openCalls === 0) return;
    if (error === undefined) this.#responded.add(keyOf(call));
    else this.#report(call, error);
  }

  #report(call: ClientRequest, cause: unknown): void {
    const { host } = call;
    const hosts = this.#hosts();
    const isOfModel = hosts.has(host) || bedrockPath.test(call.path) || defaultHosts.test(host);
    // Where no model states its address, the request of a tool or of tracing may fail while the model answers.
    if (!isOfModel && (hosts.size > 0 || this.#inFlight.size > 0)) return;
    const failures = (this.#failures.get(host) ?? 0) + 1;
    this.#failures.set(host, failures);
    const message = `The model at ${host} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
    const isCertain = isOfModel || failures > 1;
    const error = isCertain ? new Error(message, { cause }) : new ModelCallError(message, 'transient');
    const onRetry = this.#meter?.retrying(error);
    this.#onRetry = onRetry === undefined ? undefined : { host, call: onRetry };
  }

  #clear(): void {
    this.#openCalls = Math.max(this.#openCalls, 0);
    this.#failures.clear();
    this.#responded.clear();
    this.#onRetry = undefined;
  }
}
