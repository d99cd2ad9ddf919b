import { Agent } from '@mastra/core/agent';
import { expect, it } from 'vitest';
import { discover } from './discover.ts';
import { programSource } from './program-source.ts';

function sourceWith(change: object = {}) {
  const agent = new Agent({
    id: 'agent',
    name: 'Agent',
    instructions: 'Answer.',
    model: { id: 'local/simulated', url: 'https://a.example/v1', apiKey: 'key-123456' },
    ...change,
  });
  return programSource(agent, discover(agent));
}

it('the source of an agent is the same for an equal agent, and contains no key', () => {
  expect(sourceWith()).toBe(sourceWith());
  expect(sourceWith()).not.toContain('key-123456');
});

it.each<[string, object]>([
  ['another address', { model: { id: 'local/simulated', url: 'https://b.example/v1' } }],
  ['another temperature', { defaultOptions: { modelSettings: { temperature: 0.9 } } }],
])('the source of an agent changes with %s', (_, change) => {
  expect(sourceWith(change)).not.toBe(sourceWith());
});
