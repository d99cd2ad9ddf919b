import { checkArgument, checkOptions } from './check-options.ts';
import { OptionsError } from './errors.ts';
import { aFunction, aList, aWholeNumber, type Kind, notNegative } from './kinds.ts';
import { Random } from './statistics/random.ts';

/** Options for `splitExamples`. The shares need not add up to 1. */
export interface SplitOptions<Example> {
  /** Share of the trainset. Default: 0.6. */
  readonly train?: number | undefined;
  /** Share of the valset. Default: 0.2. */
  readonly validation?: number | undefined;
  /** Share of the testset. Default: 0.2. */
  readonly test?: number | undefined;
  /** Seed of the shuffle. Default: 0. */
  readonly seed?: number | undefined;
  /** The group of an example, such as a customer or a conversation. A group stays in one set. Default: no groups. */
  readonly groupBy?: ((example: Example) => string) | undefined;
}

/** Equal objects are different groups. */
const aGroup: Kind = {
  words: 'a text or a number',
  is: (value) => typeof value === 'string' || Number.isFinite(value),
};

/** The sets for `compile`. */
export interface Split<Example> {
  readonly trainset: Example[];
  readonly valset: Example[];
  readonly testset: Example[];
}

/**
 * Splits examples at random; the same seed gives the same split. With groups, the sizes of the sets are approximate.
 *
 * @throws {OptionsError} on invalid options, such as a negative share or only shares of 0, or when a set with a share would be
 * empty.
 */
export function splitExamples<Example>(
  examples: readonly Example[],
  options: SplitOptions<Example> = {},
): Split<Example> {
  checkArgument('The examples', examples, aList);
  checkOptions(options, {
    train: notNegative,
    validation: notNegative,
    test: notNegative,
    seed: aWholeNumber,
    groupBy: aFunction,
  } satisfies Record<keyof SplitOptions<Example>, unknown>);
  const { train = 0.6, validation = 0.2, test = 0.2, seed = 0, groupBy } = options;
  const shares = [train, validation, test];
  const whole = shares.reduce((sum, share) => sum + share, 0);
  if (whole === 0) throw new OptionsError(['`train`, `validation` and `test` are all 0.']);
  const groups = new Map<unknown, Example[]>();
  for (const [i, example] of examples.entries()) {
    const key: unknown = groupBy === undefined ? i : groupBy(example);
    checkArgument(`What \`groupBy\` returns for example ${i}`, key, aGroup);
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  const sets: Example[][] = [[], [], []];
  const missing = (set: number) => (shares[set]! / whole) * examples.length - sets[set]!.length;
  const shuffled = [...groups.values()];
  new Random(seed).shuffle(shuffled);
  // Large groups first: small groups can then even out the sizes.
  shuffled.sort((a, b) => b.length - a.length);
  for (const [i, group] of shuffled.entries()) {
    const empty = [0, 1, 2].filter((set) => shares[set]! > 0 && sets[set]!.length === 0);
    // The last groups go to the sets that are still empty.
    const candidates = shuffled.length - i <= empty.length ? empty : [0, 1, 2];
    const smallest = candidates.reduce((best, set) => (missing(set) > missing(best) ? set : best));
    sets[smallest]!.push(...group);
  }
  const empty = ['train', 'validation', 'test'].filter(
    (_, set) => shares[set]! > 0 && sets[set]!.length === 0,
  );
  if (empty.length > 0) {
    const cause =
      groupBy === undefined
        ? `${examples.length} examples`
        : `${groups.size} groups of examples (\`groupBy\`)`;
    throw new OptionsError([
      `There are too few for a split: ${cause} leave no example for ${empty.map((name) => `\`${name}\``).join(' and ')}. Use more, or set its share to 0.`,
    ]);
  }
  const [trainset, valset, testset] = sets as [Example[], Example[], Example[]];
  return { trainset, valset, testset };
}
