import { expect, it } from 'vitest';
import { type AnswerPart, AnswerReader } from './model-call.ts';

const v2 = { inputTokens: 10, outputTokens: 5 };
const parts = { outputTokens: { total: 5 } };
const apart = 'Anthropic in version 2, where cached tokens stand beside the others';

it.each<[string, Omit<AnswerPart, 'type'>, object]>([
  ['version 2', { usage: v2 }, { inputTokens: 10 }],
  [
    'version 2 with cached tokens',
    { usage: { ...v2, cachedInputTokens: 4 }, providerMetadata: { openai: {} } },
    { inputTokens: 10, cachedInputTokens: 4 },
  ],
  [
    apart,
    {
      usage: { ...v2, cachedInputTokens: 4 },
      providerMetadata: { anthropic: { cacheCreationInputTokens: 3 } },
    },
    { inputTokens: 17, cachedInputTokens: 4, cacheWriteTokens: 3 },
  ],
  [
    `${apart}, without a cache`,
    { usage: v2, providerMetadata: { anthropic: { cacheCreationInputTokens: null } } },
    { inputTokens: 10 },
  ],
  [
    'Bedrock in version 2',
    {
      usage: { ...v2, cachedInputTokens: 4 },
      providerMetadata: { bedrock: { usage: { cacheWriteInputTokens: 3 } } },
    },
    { inputTokens: 17, cachedInputTokens: 4, cacheWriteTokens: 3 },
  ],
  [
    'version 3, where they are counted among the others',
    {
      usage: { ...parts, inputTokens: { total: 10, cacheRead: 4, cacheWrite: 3 } },
      providerMetadata: { anthropic: { cacheCreationInputTokens: 3 } },
    },
    { inputTokens: 10, cachedInputTokens: 4, cacheWriteTokens: 3 },
  ],
  ['version 3 without a cache', { usage: { ...parts, inputTokens: { total: 10 } } }, { inputTokens: 10 }],
])('reads the usage of %s', (_, finish, tokens) => {
  const reader = new AnswerReader('local/m');
  reader.read({ type: 'finish', finishReason: 'stop', ...finish });
  const counted = { modelCalls: 1, outputTokens: 5, ...tokens };
  expect(reader.answer.usage).toEqual({ ...counted, byModel: { 'local/m': counted } });
});

it('counts a call that told nothing', () => {
  const counted = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };
  expect(new AnswerReader('m').answer.usage).toEqual({ ...counted, byModel: { m: counted } });
});
