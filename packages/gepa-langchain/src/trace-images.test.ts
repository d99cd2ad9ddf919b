import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tool } from '@langchain/core/tools';
import type { PromptImage } from 'gepa-core';
import { createAgent } from 'langchain';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { startOpenAIServer } from './testing/openai-server.ts';

const data = `iVBORw0KGgo${'A'.repeat(40_000)}`;

it.each([true, false])(
  'an image that a tool returns is shown to a reflection model that reads images: %s',
  async (readsImages) => {
    const server = await startOpenAIServer(({ messages }) =>
      messages.at(-1)!.role === 'tool' ? 'A cat.' : { calls: [{ name: 'screenshot', args: {} }] },
    );
    const screenshot = tool(
      () => [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }] as never,
      { name: 'screenshot', description: 'Shows the screen.', schema: z.object({}) },
    );
    const agent = createAgent({
      model: server.model(),
      tools: [screenshot],
      systemPrompt: 'Say what is shown.',
    });
    const requests: { prompt: string; images: readonly PromptImage[] }[] = [];
    const reflectionModel = Object.assign(
      async ({ prompt, images = [] }: { prompt: string; images?: readonly PromptImage[] }) => {
        requests.push({ prompt, images });
        return '```\nName what the screen shows, in one word.\n```';
      },
      { readsImages },
    );
    const runDir = await mkdtemp(join(tmpdir(), 'gepa-images-'));
    await gepa(agent).compile({
      trainset: [{ input: { messages: [{ role: 'user', content: 'What is it?' }] } }],
      metric: () => ({ score: 0, feedback: 'It is a dog.' }),
      reflectionModel,
      maxMetricCalls: 4,
      runDir,
    });
    await server.close();
    const [first] = requests;
    expect(first!.images).toEqual(readsImages ? [{ mediaType: 'image/png', data }] : []);
    expect(first!.prompt).toContain('[image: image/png, 30 kB]');
    const files = await readdir(runDir, { withFileTypes: true, recursive: true });
    for (const file of files.filter((file) => file.isFile())) {
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain('A'.repeat(1_000));
    }
  },
);
