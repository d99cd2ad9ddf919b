import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { supportAgent } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';

let release = () => {};
/** A model that answers the first call when the test says so. */
const server = useOpenAIServer(async () => {
  if (server.requests.length > 1) return 'too late';
  await new Promise<void>((resolve) => {
    release = resolve;
  });
  return 'answered';
});

it('a function that goes on after its rollout was interrupted makes no further model calls', async () => {
  const support = supportAgent(server.model);
  const text = z.object({ text: z.string() });
  let ended: Promise<unknown> | undefined;
  const step = createStep({
    id: 'call',
    inputSchema: text,
    outputSchema: text,
    execute: async ({ inputData }) => {
      const calls = async () => {
        const first = await support.generate(inputData.text);
        const second = await support.generate(inputData.text);
        return { text: first.text + second.text };
      };
      const both = calls();
      ended = both.catch((error: unknown) => error);
      return both;
    },
  });
  const workflow = createWorkflow({ id: 'w', inputSchema: text, outputSchema: text }).then(step).commit();
  const interruption = new AbortController();
  const running = gepa(workflow, { parts: { support } }).evaluate({
    examples: [{ input: { text: 'x' } }],
    metric: () => 1,
    signal: interruption.signal,
  });
  await expect.poll(() => server.requests.length).toBe(1);
  interruption.abort();
  await running.catch(() => {});
  release();
  expect(await ended).toMatchObject({ message: expect.stringContaining('The rollout was interrupted') });
  expect(server.requests.length).toBe(1);
});
