import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import type { PromptImage } from 'gepa-core';
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
    const screenshot = createTool({
      id: 'screenshot',
      description: 'Shows the screen.',
      inputSchema: z.object({}),
      execute: async () => ({ type: 'image', mimeType: 'image/png', data }),
    });
    const agent = new Agent({
      id: 'viewer',
      name: 'Viewer',
      instructions: 'Say what is shown.',
      model: server.model,
      tools: { screenshot },
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
      trainset: [{ input: 'What is it?' }],
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
