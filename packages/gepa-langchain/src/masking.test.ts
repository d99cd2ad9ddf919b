import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { contentText } from 'gepa-test-server';
import { expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { modelOf, startOpenAIServer } from './testing/openai-server.ts';

const hexKey = '0f3c9a7be1d24c58';
const providerKey = 'sk-proj-abc123DEF456';

it('a key that a provider repeats in an error reaches neither the run directory nor the reflection model', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'gepa-mask-'));
  const prompts: string[] = [];
  const events: unknown[] = [];
  const server = await startOpenAIServer(({ model, messages }) => {
    if (model === 'primary') {
      return { status: 400, error: `Incorrect API key provided: ${providerKey} or ${hexKey}`, code: 'wrong' };
    }
    if (model === 'fallback') return 'Hello.';
    prompts.push(messages.map(contentText).join('\n'));
    return '```\nBe kind and polite.\n```';
  });
  try {
    const primary = modelOf(server, { model: 'primary', apiKey: hexKey });
    const fallback = modelOf(server, { model: 'fallback', apiKey: 'fallback-key' });
    const chain = ChatPromptTemplate.fromMessages([
      ['system', 'Be kind.'],
      ['human', '{question}'],
    ]).pipe(primary.withFallbacks([fallback]));
    const { result } = await gepa(chain).compile({
      trainset: [{ input: { question: 'one' } }],
      metric: () => 0.5,
      reflectionModel: modelOf(server, { model: 'reflection' }),
      maxIterations: 1,
      runDir,
      onEvent: (event) => events.push(event),
    });
    const files = readdirSync(runDir).map((file) => readFileSync(join(runDir, file), 'utf8'));
    const everything = [...files, ...prompts, JSON.stringify(events), JSON.stringify(result.warnings)].join();
    expect(prompts.join()).toContain('Incorrect API key provided: [key] or [key]');
    expect(everything).not.toContain(hexKey);
    expect(everything).not.toContain(providerKey);
  } finally {
    await server.close();
    rmSync(runDir, { recursive: true, force: true });
  }
});
