import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError } from './errors.ts';
import { splitExamples } from './split-examples.ts';

describe('splitExamples', () => {
  it('splitExamples returns every example once, keeps groups together and depends only on the seed', () => {
    const examples = fc.array(fc.record({ group: fc.integer({ min: 0, max: 9 }), id: fc.nat() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(examples, fc.nat(), (all, seed) => {
        const options = { seed, groupBy: ({ group }: { group: number }) => String(group) };
        if (new Set(all.map(({ group }) => group)).size < 3) {
          expect(() => splitExamples(all, options)).toThrow('too few for a split');
          return;
        }
        const parts = splitExamples(all, options);
        const sets = [parts.trainset, parts.valset, parts.testset];
        expect(sets.flat()).toHaveLength(all.length);
        expect(sets.every((set) => set.length > 0)).toBe(true);
        expect(new Set(sets.flat())).toEqual(new Set(all));
        for (const { group } of all) {
          expect(sets.filter((set) => set.some((one) => one.group === group))).toHaveLength(1);
        }
        expect(splitExamples(all, options)).toEqual(parts);
      }),
    );
  });

  it('splitExamples returns sets of the requested sizes and refuses a negative share', () => {
    const all = Array.from({ length: 100 }, (_, i) => i);
    const sizes = ({ trainset, valset, testset }: ReturnType<typeof splitExamples<number>>) => [
      trainset.length,
      valset.length,
      testset.length,
    ];
    expect(sizes(splitExamples(all))).toEqual([60, 20, 20]);
    expect(sizes(splitExamples(all, { train: 1, validation: 1, test: 0 }))).toEqual([50, 50, 0]);
    expect(splitExamples(all, { seed: 1 })).not.toEqual(splitExamples(all, { seed: 2 }));
    expect(() => splitExamples(all, { train: -1 })).toThrow('0 or more');
  });

  it.each<[unknown, string]>([
    [{ val: 0.1 }, 'There is no option "val".'],
    [{ train: '1', validation: 0, test: 0 }, 'The option "train" must be a number of 0 or more (got "1").'],
    [{ train: Number.NaN }, '(got NaN)'],
    [{ train: Number.POSITIVE_INFINITY }, '(got Infinity)'],
    [{ train: 0, validation: 0, test: 0 }, 'are all 0'],
    [{ seed: '7' }, 'The option "seed" must be a whole number (got "7").'],
    [{ seed: 1.5 }, '(got 1.5)'],
    [{ groupBy: 'customer' }, 'The option "groupBy" must be a function (got "customer").'],
    [0.8, 'The options must be an object (got 0.8).'],
  ])('splitExamples refuses the options %j', (options, words) => {
    const split = () => splitExamples([1, 2, 3, 4, 5, 6], options as never);
    expect(split).toThrow(OptionsError);
    expect(split).toThrow(words);
  });

  it('splitExamples refuses examples that are no array, such as a promise that was not awaited', () => {
    expect(() => splitExamples(Promise.resolve([]) as never)).toThrow(
      'The examples must be an array (got an object).',
    );
  });
});

it.each([[{ region: 'north', year: 1 }], [undefined], [Number.NaN]])(
  'splitExamples refuses %j as a group, since equal objects would be different groups',
  (group) => {
    const split = () => splitExamples([1, 2, 3, 4, 5, 6], { groupBy: () => group as never });
    expect(split).toThrow('What `groupBy` returns for example 0 must be a text or a number');
  },
);
