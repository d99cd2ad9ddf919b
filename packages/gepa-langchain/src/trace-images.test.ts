import { tool } from '@langchain/core/tools';
import { traceImageSuite } from 'gepa-test-server/suites';
import { createAgent } from 'langchain';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

traceImageSuite('a LangChain agent', (server, data, options) => {
  const screenshot = tool(
    () => [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }] as never,
    { name: 'screenshot', description: 'Shows the screen.', schema: z.object({}) },
  );
  const agent = createAgent({
    model: modelOf(server),
    tools: [screenshot],
    systemPrompt: 'Say what is shown.',
  });
  return gepa(agent).compile({
    trainset: [{ input: { messages: [{ role: 'user', content: 'What is it?' }] } }],
    ...options,
  });
});
