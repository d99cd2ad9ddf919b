import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../statistics/random.ts';
import { searchViewOf } from '../../testing/fixtures/search-view.ts';
import { epochShuffled } from './batch-sampling.ts';

const search = searchViewOf([]);
const sizes = fc.record({
  trainsetSize: fc.integer({ min: 1, max: 40 }),
  minibatchSize: fc.integer({ min: 1, max: 12 }),
  seed: fc.integer({ min: 0, max: 1_000 }),
});
const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

it('epochShuffled uses every example once per epoch, apart from padding', () => {
  fc.assert(
    fc.property(sizes, ({ trainsetSize, minibatchSize, seed }) => {
      const sampler = epochShuffled();
      const random = new Random(seed);
      const padded = roundUp(trainsetSize, minibatchSize);
      let iteration = 0;
      for (let epoch = 0; epoch < 3; epoch++) {
        const counts = new Array<number>(trainsetSize).fill(0);
        for (let batch = 0; batch < padded / minibatchSize; batch++) {
          iteration++;
          const minibatch = sampler.next({ trainsetSize, minibatchSize, iteration, random, search });
          expect(minibatch).toHaveLength(minibatchSize);
          for (const position of minibatch) counts[position]!++;
        }
        const [least, most] = [Math.min(...counts), Math.max(...counts)];
        expect(least).toBe(Math.floor(padded / trainsetSize));
        expect(most - least).toBeLessThanOrEqual(1);
      }
    }),
  );
});

it('epochShuffled shuffles again for every epoch', () => {
  const sampler = epochShuffled();
  const random = new Random(1);
  const epochs = [0, 1, 2].map((epoch) =>
    sampler.next({ trainsetSize: 30, minibatchSize: 30, iteration: epoch + 1, random, search }).join(),
  );
  expect(new Set(epochs).size).toBe(3);
});

it('epochShuffled pads with the least used examples, last one first', () => {
  fc.assert(
    fc.property(sizes, ({ trainsetSize, minibatchSize, seed }) => {
      const random = new Random(seed);
      const expected = Array.from({ length: trainsetSize }, (_, i) => i);
      random.shuffle(expected);
      const order = [...expected];
      while (expected.length % minibatchSize !== 0) {
        const uses = (position: number) => expected.filter((other) => other === position).length;
        const fewest = Math.min(...order.map(uses));
        expected.push(order.findLast((position) => uses(position) === fewest)!);
      }
      const sampler = epochShuffled();
      const again = new Random(seed);
      const ours = Array.from({ length: expected.length / minibatchSize }, (_, i) =>
        sampler.next({ trainsetSize, minibatchSize, iteration: i + 1, random: again, search }),
      );
      expect(ours.flat()).toEqual(expected);
    }),
  );
});

it('epochShuffled called several times in one iteration returns consecutive minibatches without a new shuffle', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 6 }), ({ trainsetSize, minibatchSize, seed }, calls) => {
      const single = epochShuffled();
      const several = epochShuffled();
      const [a, b] = [new Random(seed), new Random(seed)];
      const first = single.next({ trainsetSize, minibatchSize, iteration: 1, random: a, search });
      const epoch = [first];
      for (let i = 2; i <= roundUp(trainsetSize, minibatchSize) / minibatchSize; i++) {
        epoch.push(single.next({ trainsetSize, minibatchSize, iteration: i, random: a, search }));
      }
      for (let call = 0; call < calls; call++) {
        const minibatch = several.next({ trainsetSize, minibatchSize, iteration: 1, random: b, search });
        expect(minibatch).toEqual(epoch[call % epoch.length]);
      }
    }),
  );
});
