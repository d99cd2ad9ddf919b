import type { Step } from '../adapter/trace.ts';
import { modelCallUsage } from '../budget/usage.ts';
import { RolloutError } from '../errors.ts';
import { adapterContract } from './adapter-contract.ts';

// The smallest program that keeps the contract: a function that echoes its two texts.
adapterContract('a plain function', () => {
  const texts = { first: 'First text about {topic}', second: 'Second text' };
  const echo = (candidate: Readonly<Record<string, string>>, topic: string) =>
    `${candidate.first?.replace('{topic}', topic)} / ${candidate.second}`;
  const steps = (input: string): Step[] => [
    {
      kind: 'model',
      name: 'echo',
      components: ['first', 'second'],
      input,
      output: input,
      usage: modelCallUsage({}),
    },
  ];
  return {
    adapter: {
      components: { first: { text: texts.first, variables: ['topic'] }, second: { text: texts.second } },
      metersCalls: true,
      async run(candidate, topic: string, { signal, meter }) {
        signal.throwIfAborted();
        const call = await meter?.begin({ model: 'echo' });
        if (topic === 'failing')
          throw new RolloutError('It failed.', { cause: new Error('why'), trace: steps('') });
        if (topic === 'endless') {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }
        const output = echo(candidate, topic);
        call?.end(modelCallUsage({}));
        return { output, trace: steps(output), usage: modelCallUsage({}) };
      },
    },
    example: 'cats',
    failingExample: 'failing',
    endlessExample: 'endless',
    fingerprint: () => ({ ...texts }),
    callSource: async (topic) => echo(texts, topic),
    textsSeen: (output) => output,
  };
});
