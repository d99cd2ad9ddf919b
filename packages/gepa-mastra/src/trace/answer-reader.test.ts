import { expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import type { AnswerPart, AnswerUsage } from './model-call.ts';

const v2 = { inputTokens: 10, outputTokens: 5 };
const parts = { outputTokens: { total: 5 } };
const anthropicV2 = 'AI SDK version 2 from Anthropic, where cached tokens are not counted as input tokens';

it.each<[string, Omit<AnswerPart, 'type'>, object]>([
  ['AI SDK version 2', { usage: v2 }, { inputTokens: 10 }],
  [
    'AI SDK version 2 with cached tokens',
    { usage: { ...v2, cachedInputTokens: 4 }, providerMetadata: { openai: {} } },
    { inputTokens: 10, cachedInputTokens: 4 },
  ],
  [
    anthropicV2,
    {
      usage: { ...v2, cachedInputTokens: 4 },
      providerMetadata: { anthropic: { cacheCreationInputTokens: 3 } },
    },
    { inputTokens: 17, cachedInputTokens: 4, cacheWriteTokens: 3 },
  ],
  [
    `${anthropicV2}, without a cache`,
    { usage: v2, providerMetadata: { anthropic: { cacheCreationInputTokens: null } } },
    { inputTokens: 10 },
  ],
  [
    'AI SDK version 2 from Bedrock',
    {
      usage: { ...v2, cachedInputTokens: 4 },
      providerMetadata: { bedrock: { usage: { cacheWriteInputTokens: 3 } } },
    },
    { inputTokens: 17, cachedInputTokens: 4, cacheWriteTokens: 3 },
  ],
  [
    'AI SDK version 3, where cached tokens are counted as input tokens',
    {
      usage: { ...parts, inputTokens: { total: 10, cacheRead: 4, cacheWrite: 3 } },
      providerMetadata: { anthropic: { cacheCreationInputTokens: 3 } },
    },
    { inputTokens: 10, cachedInputTokens: 4, cacheWriteTokens: 3 },
  ],
  [
    'AI SDK version 3 without a cache',
    { usage: { ...parts, inputTokens: { total: 10 } } },
    { inputTokens: 10 },
  ],
])('the answer reader reads the usage of %s', (_, finish, tokens) => {
  const reader = new AnswerReader('local/m');
  reader.read({ type: 'finish', finishReason: 'stop', ...finish });
  const expected = { modelCalls: 1, outputTokens: 5, ...tokens };
  expect(reader.answer.usage).toEqual({ ...expected, byModel: { 'local/m': expected } });
});

it('an answer without any reported usage counts as one model call with 0 tokens', () => {
  const expected = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };
  expect(new AnswerReader('m').answer.usage).toEqual({ ...expected, byModel: { m: expected } });
});

const thoughts = { modelCalls: 1, inputTokens: 20, outputTokens: 510 };
it.each<[string, AnswerUsage]>([
  ['AI SDK version 2', { inputTokens: 20, outputTokens: 10, totalTokens: 530 }],
  [
    'AI SDK version 3 in the names of OpenAI',
    { inputTokens: { total: 20 }, outputTokens: { total: 10 }, raw: { total_tokens: 530 } },
  ],
  [
    'AI SDK version 3 in the names of Gemini',
    { inputTokens: { total: 20 }, outputTokens: { total: 10 }, raw: { totalTokenCount: 530 } },
  ],
])('thoughts that only the total of %s contains count as output', (_, usage) => {
  const reader = new AnswerReader('m');
  reader.read({ type: 'finish', usage });
  expect(reader.answer.usage).toEqual({ ...thoughts, byModel: { m: thoughts } });
});

it.each<[string, AnswerUsage]>([
  ['no output tokens', { inputTokens: 20 }],
  ['negative output tokens', { inputTokens: 20, outputTokens: -5 }],
  ['zero output tokens for a text', { inputTokens: 20, outputTokens: 0 }],
  ['input tokens that are a string', { inputTokens: '20' as never, outputTokens: 5 }],
  ['totals that are missing', { inputTokens: { total: 20 }, outputTokens: {} }],
])('the usage of an answer with %s is unknown', (_, usage) => {
  const reader = new AnswerReader('m');
  reader.read({ type: 'text-delta', delta: 'sorted' });
  reader.read({ type: 'finish', usage });
  expect(reader.answer.usage).toMatchObject({ modelCalls: 1, inputTokens: 0, outputTokens: 0 });
});
