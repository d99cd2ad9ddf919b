import { readFileSync } from 'node:fs';
import fc from 'fast-check';
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
  readFileSync(new URL('../search/fixtures/conformance/rng.json', import.meta.url), 'utf8'),
);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.each(recorded)('Random with seed $seed', (expected) => {
  it(`Random with seed ${expected.seed} draws the numbers that CPython draws`, () => {
    const random = new Random(expected.seed);
    expect(expected.random.map(() => random.random())).toEqual(expected.random);
    expect(expected.randbelow.map(([n]) => [n, random.randbelow(n)])).toEqual(expected.randbelow);
    const shuffled = range(13);
    random.shuffle(shuffled);
    expect(shuffled).toEqual(expected.shuffle13);
    expect(random.sample(range(10), 2)).toEqual(expected.sampleOf10Take2);
    expect(random.sample(range(40), 5)).toEqual(expected.sampleOf40Take5);
    expect(random.sample(range(200), 5)).toEqual(expected.sampleOf200Take5);
    expect(expected.choiceOf9.map(() => random.choice(range(9)))).toEqual(expected.choiceOf9);
    expect(random.choices(range(6), 4)).toEqual(expected.choicesOf6Take4);
    const weights = [0.5, 0.25, 0.75, 1];
    expect(expected.weightedChoice.map(() => random.weightedChoice(range(4), weights))).toEqual(
      expected.weightedChoice,
    );
    expect(expected.randint0to4.map(() => random.randint(0, 4))).toEqual(expected.randint0to4);
  });
});

it('Random.sample draws as CPython does from lists around the length at which it switches algorithms', () => {
  expect(new Random(0).sample(range(30), 5)).toEqual([27, 12, 24, 28, 13]);
  expect(new Random(1).sample(range(85), 6)).toEqual([17, 72, 8, 32, 15, 63]);
  expect(new Random(1).sample(range(100), 6)).toEqual([17, 72, 97, 8, 32, 15]);
});

const seed = fc.integer();

it('Random draws the same numbers for a seed and its negative', () => {
  fc.assert(
    fc.property(seed, (n) => {
      const [a, b] = [new Random(n), new Random(-n)];
      for (let i = 0; i < 5; i++) expect(a.random()).toBe(b.random());
    }),
  );
});

it('Random.randbelow and Random.random draw numbers within their ranges', () => {
  fc.assert(
    fc.property(seed, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (n, below) => {
      const random = new Random(n);
      const drawn = random.randbelow(below);
      expect(Number.isInteger(drawn) && drawn >= 0 && drawn < below).toBe(true);
      expect(random.random()).toBeLessThan(1);
    }),
  );
});

it('Random.shuffle gives a permutation and Random.sample does not repeat items', () => {
  fc.assert(
    fc.property(seed, fc.integer({ min: 0, max: 120 }), fc.nat(), (n, size, k) => {
      const random = new Random(n);
      const list = range(size);
      random.shuffle(list);
      expect(list.toSorted((a, b) => a - b)).toEqual(range(size));
      const drawn = random.sample(list, k % (size + 1));
      expect(new Set(drawn).size).toBe(k % (size + 1));
      expect(drawn.every((item) => list.includes(item))).toBe(true);
    }),
  );
});

it('Random.weightedChoice never draws an item of weight 0', () => {
  const random = new Random(3);
  const drawn = Array.from({ length: 200 }, () => random.weightedChoice(['a', 'b', 'c'], [0, 1, 0]));
  expect(new Set(drawn)).toEqual(new Set(['b']));
});
