import { z } from 'zod';

export const taskModel = 'simulated-task';
export const reflectionModel = 'simulated-reflection';

const content = z.union([z.string(), z.null(), z.array(z.object({ text: z.string().default('') }))]);
const message = z.object({ role: z.string(), content }).transform(({ role, content }) => ({
  role,
  text: Array.isArray(content) ? content.map(({ text }) => text).join('\n') : (content ?? ''),
}));
const parameters = z.object({ properties: z.record(z.string(), z.unknown()).default({}) });
const tool = z
  .object({ function: z.object({ name: z.string(), parameters: parameters.optional() }) })
  .transform(({ function: { name, parameters } }) => ({
    name,
    fields: Object.keys(parameters?.properties ?? {}),
  }));

/** The part of a request of the OpenAI chat-completions protocol that the simulated model reads. */
export const requestSchema = z.object({
  model: z.enum([taskModel, reflectionModel], `The models here are ${taskModel} and ${reflectionModel}.`),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  tools: z.array(tool).default([]),
});
export type ChatRequest = z.infer<typeof requestSchema>;
export type ChatMessage = ChatRequest['messages'][number];

/** The answer of a model: a text, which may be cut off, or a call of a tool. */
export interface Answer {
  readonly content: string;
  readonly isCutOff?: boolean;
  readonly toolCall?: { readonly name: string; readonly args: Readonly<Record<string, string>> };
}

/** The response in the shape of the protocol, with tokens estimated at four characters each. */
export function completion(id: string, { model, messages }: ChatRequest, answer: Answer) {
  const { content, isCutOff, toolCall } = answer;
  const called = toolCall && { name: toolCall.name, arguments: JSON.stringify(toolCall.args) };
  const tool_calls = called && [{ index: 0, id: `call-${id}`, type: 'function', function: called }];
  const message = { role: 'assistant', content: called ? null : content, tool_calls };
  const finish_reason = called ? 'tool_calls' : isCutOff ? 'length' : 'stop';
  const prompt_tokens = tokens(messages.map(({ text }) => text).join('\n'));
  const completion_tokens = tokens(called ? JSON.stringify(called) : content);
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const choices = [{ index: 0, message, finish_reason, logprobs: null }] as const;
  return { id, object: 'chat.completion', created: Math.floor(Date.now() / 1000), model, choices, usage };
}

/** The same as a stream of events: the message in one piece, then its end. */
export function asEvents({ choices: [choice], usage, ...head }: ReturnType<typeof completion>): string {
  const { message, finish_reason } = choice;
  const chunk = { ...head, object: 'chat.completion.chunk' };
  const chunks = [
    { ...chunk, choices: [{ index: 0, delta: message, finish_reason: null }] },
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason }], usage },
  ];
  return [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
}

function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}
