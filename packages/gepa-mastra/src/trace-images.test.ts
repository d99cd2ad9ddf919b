import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { traceImageSuite } from 'gepa-test-server/suites';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

traceImageSuite('a Mastra agent', (server, data, options) => {
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
    model: modelOf(server),
    tools: { screenshot },
  });
  return gepa(agent).compile({ trainset: [{ input: 'What is it?' }], ...options });
});
