import { ChatPromptTemplate } from '@langchain/core/prompts';
import type { Runnable } from '@langchain/core/runnables';
import { tunable } from 'gepa-core';
import { expectTypeOf } from 'vitest';
import { gepa, Recorder } from './index.ts';

interface Input {
  ticket: string;
}
interface Output {
  queue: string;
}
declare const chain: Runnable<Input, Output> & { readonly own: true };
declare const examples: { input: Input; expected: { queue: string }; id: string }[];

// The compiled program has the type of the original.
const compiled = await gepa(chain).compile({
  trainset: examples,
  metric: ({ example, output, trace }) => {
    expectTypeOf(example.expected.queue).toBeString();
    expectTypeOf(output).toEqualTypeOf<Output>();
    expectTypeOf(trace?.[0]?.name).toEqualTypeOf<string | undefined>();
    return output.queue === example.expected.queue;
  },
  reflectionModel: async ({ prompt }) => prompt,
  maxMetricCalls: 10,
});
expectTypeOf(compiled.program).toEqualTypeOf<typeof chain>();
expectTypeOf(gepa(chain).load('x.gepa.json')).toEqualTypeOf<typeof chain>();
expectTypeOf(gepa(chain).apply({ any: 'text' })).toEqualTypeOf<typeof chain>();

// Recorded examples are a trainset.
const recorded = new Recorder().examples<Input>();
await gepa(chain).compile({
  trainset: recorded,
  metric: ({ example }) => Number(example.id),
  maxMetricCalls: 1,
});

// Component names are strings, or literals if the options determine them.
expectTypeOf(compiled.result.bestCandidate).toEqualTypeOf<Readonly<Record<string, string>>>();
const two = gepa(chain, {
  include: ['extract.system', 'route.system'],
  rename: { 'route.system': 'router' },
});
expectTypeOf<keyof typeof two.components>().toEqualTypeOf<'extract.system' | 'router'>();
two.apply({ 'extract.system': 'a', router: 'b' });
// @ts-expect-error: a component is missing
two.apply({ 'extract.system': 'a' });

// The names of tunables are known.
const policy = tunable('policy', 'Be kind.');
const tuned = gepa(chain, { tunables: [policy] });
expectTypeOf(tuned.components.policy.text).toBeString();

// Examples must fit the program.
await gepa(chain).compile({
  // @ts-expect-error: the chain takes { ticket: string }
  trainset: [{ input: { tickets: 1 } }],
  metric: () => 1,
  reflectionModel: async ({ prompt }) => prompt,
  maxMetricCalls: 10,
});

// Only programs are accepted.
// @ts-expect-error: a string is not a runnable
gepa('You are helpful.');
gepa(ChatPromptTemplate.fromMessages([['system', 'You are helpful.']]));
