import { type LanguageModel, modelCallUsage } from 'gepa-core';
import { z } from 'zod';

const completion = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }), finish_reason: z.string() })]),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).optional(),
});

/** A reflection model behind the OpenAI chat-completions protocol: a function from a prompt to an answer. */
export function openAiModel(options: { model: string; apiKey: string; baseUrl?: string }): LanguageModel {
  const { model, apiKey, baseUrl = 'https://api.openai.com/v1' } = options;
  return async ({ prompt, signal }) => {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }] }),
      signal,
    });
    const { status, headers } = response;
    // The status tells the optimizer which failures to retry (429, 5xx) and which not (401).
    if (!response.ok) throw Object.assign(new Error(await response.text()), { status, headers });
    const { choices, usage } = completion.parse(await response.json());
    const [inputTokens, outputTokens] = [usage?.prompt_tokens, usage?.completion_tokens];
    return {
      text: choices[0].message.content,
      finishReason: choices[0].finish_reason,
      usage: modelCallUsage({ model, inputTokens, outputTokens }),
    };
  };
}
