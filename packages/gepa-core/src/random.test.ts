import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

interface Expected {
  seed: number;
  random: number[];
  randbelow: [number, number][];
  shuffle13: number[];
  sampleOf10Take2: number[];
  sampleOf40Take5: number[];
  sampleOf200Take5: number[];
  choiceOf9: number[];
  choicesOf6Take4: number[];
  weightedChoice: number[];
  randint0to4: number[];
}

const recorded: Expected[] = JSON.parse(
  readFileSync(new URL('./engine/fixtures/conformance/rng.json', import.meta.url), 'utf8'),
);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.each(recorded)('a generator with seed $seed', (expected) => {
  it('draws what the reference draws', () => {
    const random = new Random(expected.seed);
    expect(expected.random.map(() => random.random())).toEqual(expected.random);
    expect(expected.randbelow.map(([n]) => [n, random.randbelow(n)])).toEqual(expected.randbelow);
  });
});
