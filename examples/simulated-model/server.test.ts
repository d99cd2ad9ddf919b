// @module-tag slow
import { ChatOpenAI } from '@langchain/openai';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultRates, type Mishap, type MishapRates } from './mishaps.ts';
import {
  reflectionModel,
  type SimulatedModel,
  type SimulatedModelOptions,
  startSimulatedModel,
  taskModel,
} from './server.ts';

const open: SimulatedModel[] = [];
afterEach(() => Promise.all(open.splice(0).map((model) => model.close())));

async function start(options: SimulatedModelOptions = {}): Promise<SimulatedModel> {
  const model = await startSimulatedModel({ latencyMs: [0, 0], ...options });
  open.push(model);
  return model;
}

const none = Object.fromEntries(Object.keys(defaultRates).map((mishap) => [mishap, 0])) as Record<
  Mishap,
  number
>;
const only = (rates: Partial<MishapRates>): MishapRates => ({ ...none, ...rates });

const instructions = 'shelf: one of attic, cellar, kitchen\nAnswer with JSON: {"shelf": "..."}';
const taskRequest = (text: string) => ({
  model: taskModel,
  messages: [
    { role: 'system', content: instructions },
    { role: 'user', content: text },
  ],
});
const reflectionRequest = (n: number) => ({
  model: reflectionModel,
  messages: [
    {
      role: 'user',
      content: `\`\`\`\`\nFacts: {facts}\n${instructions}\n\`\`\`\`\n\n### Feedback\n\nHouse rule: Tickets that mention box ${n} go to the attic.`,
    },
  ],
});

interface Completion {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly {
    readonly message: { readonly content: string };
    readonly finish_reason: string;
  }[];
  readonly usage: Readonly<Record<'prompt_tokens' | 'completion_tokens' | 'total_tokens', number>>;
}

async function post({ url }: SimulatedModel, body: object) {
  const response = await fetch(`${url}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Completion };
}

describe('the simulated server', () => {
  it('the simulated server answers in the format of the protocol, with usage', async () => {
    const { status, body } = await post(
      await start({ rates: none }),
      taskRequest('An old lamp from the cellar.'),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ model: taskModel, choices: [{ finish_reason: 'stop' }] });
    expect(JSON.parse(body.choices[0]!.message.content)).toEqual({ shelf: 'cellar' });
    expect(body.usage.prompt_tokens).toBe(Math.ceil((instructions.length + 29) / 4));
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
  });

  it('the simulated server streams on request', async () => {
    const { url } = await start({ rates: none });
    const body = JSON.stringify({ ...taskRequest('An old lamp from the cellar.'), stream: true });
    const response = await fetch(`${url}/chat/completions`, { method: 'POST', body });
    const events = (await response.text()).trim().split('\n\n');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(JSON.parse(events[0]!.slice(6)).choices[0].delta.content).toBe('{"shelf":"cellar"}');
    expect(JSON.parse(events[1]!.slice(6))).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { completion_tokens: 5 },
    });
    expect(events[2]).toBe('data: [DONE]');
  });

  it('the simulated task model calls the offered tools before it answers, and uses their results', async () => {
    const server = await start({ rates: none });
    const request = taskRequest('Shelf mark: B 7\nTicket: Where does it go?');
    const parameters = { type: 'object', properties: { mark: {} } };
    const tools = [{ type: 'function', function: { name: 'find', parameters } }];
    const { body } = await post(server, { ...request, tools });
    expect(body.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: 'find', arguments: '{}' } }] },
    });
    const messages = [
      { role: 'system', content: `${instructions}\nIf the thing is old, the shelf is attic.` },
      { role: 'user', content: 'Mark: B 7\nTicket: Where does it go?' },
    ];
    const called = await post(server, { model: taskModel, messages, tools });
    expect(called.body.choices[0]).toMatchObject({
      message: { tool_calls: [{ function: { arguments: '{"mark":"B 7"}' } }] },
    });
    const answered = [
      ...messages,
      { role: 'assistant', content: null },
      { role: 'tool', content: '{"thing":"old"}' },
    ];
    const last = await post(server, { model: taskModel, messages: answered, tools });
    expect(JSON.parse(last.body.choices[0]!.message.content)).toEqual({ shelf: 'attic' });
  });

  it('the simulated server refuses invalid requests with status 400', async () => {
    const server = await start();
    expect((await post(server, { ...taskRequest('x'), model: 'gpt-4.1' })).status).toBe(400);
    expect((await post(server, { ...taskRequest('x'), stream: 'yes' })).status).toBe(400);
    expect((await post(server, { model: taskModel, messages: [] })).status).toBe(400);
    expect((await fetch(`${server.url}/models`)).status).toBe(400);
  });

  it('the rates of mishaps are as configured, whatever the order of the requests', async () => {
    const rates = { rateLimited: 0.1, serverError: 0.05, proseAroundJson: 0.1 };
    const statuses = async (order: (n: number[]) => number[]) => {
      const server = await start({ seed: 4, rates: only(rates) });
      const ids = order(Array.from({ length: 400 }, (_, n) => n));
      const answers = await Promise.all(ids.map((n) => post(server, taskRequest(`Box ${n}`))));
      const outcomes = ids.map(
        (n, i) => [n, answers[i]!.status, answers[i]!.body.choices?.[0]?.message.content] as const,
      );
      return { stats: server.stats, outcomes: outcomes.sort((a, b) => a[0] - b[0]) };
    };
    const forwards = await statuses((ids) => ids);
    const backwards = await statuses((ids) => ids.reverse());
    expect(backwards).toEqual(forwards);
    const { rateLimited = 0, serverError = 0, proseAroundJson = 0 } = forwards.stats.mishaps;
    expect(rateLimited).toBeGreaterThan(20);
    expect(rateLimited).toBeLessThan(60);
    expect(serverError).toBeGreaterThan(8);
    expect(serverError).toBeLessThan(35);
    expect(proseAroundJson).toBeGreaterThan(20);
    expect(proseAroundJson).toBeLessThan(60);
    expect(forwards.stats.requests).toEqual({ [taskModel]: 400 });
  });

  it('answers of the simulated reflection model have every kind of mishap, and a retry can succeed', async () => {
    const server = await start({
      rates: only({ cutOff: 0.2, noFence: 0.2, droppedPlaceholder: 0.2, chatter: 0.2 }),
    });
    const sound = ({ body }: Awaited<ReturnType<typeof post>>) => {
      const text = /````\n([\s\S]*)\n````/.exec(body.choices[0]!.message.content)?.[1];
      return body.choices[0]!.finish_reason === 'stop' && text?.includes('{facts}') === true;
    };
    let spoiled = 0;
    for (let n = 0; n < 30; n++) {
      let answer = await post(server, reflectionRequest(n));
      if (!sound(answer)) spoiled++;
      for (let retry = 0; retry < 20 && !sound(answer); retry++)
        answer = await post(server, reflectionRequest(n));
      expect(sound(answer)).toBe(true);
    }
    expect(spoiled).toBeGreaterThan(5);
    expect(spoiled).toBeLessThan(25);
    const { cutOff, noFence, droppedPlaceholder, chatter } = server.stats.mishaps;
    for (const count of [cutOff, noFence, droppedPlaceholder, chatter]) expect(count).toBeGreaterThan(0);
  });

  it('ChatOpenAI retries failures of the simulated server and reads its usage', async () => {
    // Searches a text whose first attempt fails and whose second succeeds.
    for (const rates of [only({ rateLimited: 0.5 }), only({ serverError: 0.5 })]) {
      const server = await start({ rates });
      let text = '';
      for (let n = 0; ; n++) {
        text = `Box ${n} from the cellar`;
        const first = await post(server, taskRequest(text));
        if (first.status !== 200 && (await post(server, taskRequest(text))).status === 200) break;
      }
      const model = new ChatOpenAI({
        model: taskModel,
        apiKey: 'simulated',
        maxRetries: 3,
        configuration: { baseURL: server.url },
      });
      const before = server.stats.requests[taskModel]!;
      const answer = await model.invoke([
        ['system', instructions],
        ['human', text],
      ]);
      expect(server.stats.requests[taskModel]! - before).toBe(2);
      expect(answer.text).toBe('{"shelf":"cellar"}');
      expect(answer).toMatchObject({
        usage_metadata: { input_tokens: Math.ceil((instructions.length + text.length + 1) / 4) },
      });
      expect(answer.response_metadata).toMatchObject({ model_name: taskModel, finish_reason: 'stop' });
    }
  });
});
