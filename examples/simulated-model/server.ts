import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { chance } from './chance.ts';
import { createLuck, defaultRates, type Mishap, type MishapRates, writeDown } from './mishaps.ts';
import { asEvents, completion, reflectionModel, requestSchema, taskModel } from './protocol.ts';
import { rewrite } from './reflection-behaviour.ts';
import { taskAnswer } from './task-behaviour.ts';

export { reflectionModel, taskModel };

export interface SimulatedModelOptions {
  /** Determines every mishap, together with the content of a request. Default 0. */
  readonly seed?: number;
  /** Minimum and maximum latency in milliseconds. Default 5 to 30. */
  readonly latencyMs?: readonly [least: number, greatest: number];
  /** The rates of mishaps, by kind. Default: `defaultRates`, a few percent each. */
  readonly rates?: Partial<MishapRates>;
}

export interface SimulatedModel {
  /** The base URL for an OpenAI client. */
  readonly url: string;
  /** The number of requests received, by model, and of mishaps, by kind. */
  readonly stats: {
    readonly requests: Readonly<Record<string, number>>;
    readonly mishaps: Readonly<Partial<Record<Mishap, number>>>;
  };
  close(): Promise<void>;
}

/**
 * Starts a loopback server that speaks the OpenAI chat-completions protocol and simulates two models: one follows the rules in
 * its instructions, the other rewrites instructions by feedback. Neither knows anything about a data set. The same request
 * gets the same answer, except after a mishap that calls for a retry.
 */
export async function startSimulatedModel(options: SimulatedModelOptions = {}): Promise<SimulatedModel> {
  const { seed = 0, latencyMs: [least, greatest] = [5, 30] } = options;
  const requests: Record<string, number> = {};
  const mishaps: Partial<Record<Mishap, number>> = {};
  const failures = new Map<string, number>();
  const luck = createLuck(seed, { ...defaultRates, ...options.rates }, mishaps);

  const server = createServer(async (incoming, response) => {
    const send = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type, 'retry-after': '0' }).end(body);
    const refuse = (status: number, message: string) =>
      send(status, 'application/json', JSON.stringify({ error: { message, type: 'simulated', code: null } }));

    const read = requestSchema.safeParse(await json(incoming).catch(() => undefined));
    if (!read.success) return refuse(400, z.prettifyError(read.error));
    const request = read.data;
    const { model, messages } = request;
    requests[model] = (requests[model] ?? 0) + 1;
    const key = JSON.stringify([model, messages]);
    await sleep(least + chance(seed, 'latency', key) * (greatest - least));

    const attempt = failures.get(key) ?? 0;
    failures.delete(key);
    const bad = (mishap: Mishap) => {
      const hit = luck(mishap, key, attempt);
      if (hit && mishap !== 'chatter') failures.set(key, attempt + 1);
      return hit;
    };
    if (bad('rateLimited')) return refuse(429, 'Too many requests, try once more.');
    if (bad('serverError')) return refuse(500, 'The simulated server had a mishap.');
    const prompt = messages.map(({ text }) => text).join('\n\n');
    const answer =
      model === taskModel
        ? taskAnswer(request, luck)
        : writeDown(
            rewrite(prompt, (rule) => luck('carelessRule', key, rule)),
            bad,
          );
    const id = `chatcmpl-${Math.floor(chance(seed, 'id', key, attempt) * 2 ** 32).toString(36)}`;
    const whole = completion(id, request, answer);
    return request.stream
      ? send(200, 'text/event-stream', asEvents(whole))
      : send(200, 'application/json', JSON.stringify(whole));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stats: { requests, mishaps },
    close: async () => {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}
