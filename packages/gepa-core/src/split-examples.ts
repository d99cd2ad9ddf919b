import { OptionsError } from './errors.ts';
import { Random } from './search/random.ts';

/** The parts of a data set, by how much of it each gets. */
export interface SplitOptions<Example> {
  /** Parts of the whole; they need not add up to 1. Default 0.6, 0.2 and 0.2. */
  readonly train?: number;
  readonly validation?: number;
  readonly test?: number;
  /** Fixes who goes where. Default 0. */
  readonly seed?: number;
  /** What must not be torn apart: examples of one group (a customer, a conversation) stay together. */
  readonly groupBy?: (example: Example) => string;
}

/** Examples for `compile`. */
export interface Split<Example> {
  readonly trainset: Example[];
  readonly valset: Example[];
  readonly testset: Example[];
}

/**
 * Parts examples at random, the same for the same seed. Groups stay together, so that sizes may be off by a group.
 * @throws {OptionsError} when the parts make no sense.
 */
export function splitExamples<Example>(
  examples: readonly Example[],
  options: SplitOptions<Example> = {},
): Split<Example> {
  const { train = 0.6, validation = 0.2, test = 0.2, seed = 0, groupBy } = options;
  const shares = [train, validation, test];
  const whole = shares.reduce((sum, share) => sum + share, 0);
  if (!shares.every((share) => share >= 0) || !(whole > 0)) {
    throw new OptionsError([`The parts must be 0 or more, but they are ${shares.join(', ')}.`]);
  }
  const groups = new Map<string, Example[]>();
  for (const [i, example] of examples.entries()) {
    const key = groupBy === undefined ? String(i) : groupBy(example);
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  const parts: Example[][] = [[], [], []];
  const lack = (part: number) => (shares[part]! / whole) * examples.length - parts[part]!.length;
  const shuffled = [...groups.values()];
  new Random(seed).shuffle(shuffled);
  // Large groups first, since the small ones can even out what they leave.
  for (const group of shuffled.sort((a, b) => b.length - a.length)) {
    const neediest = [0, 1, 2].reduce((best, part) => (lack(part) > lack(best) ? part : best));
    parts[neediest]!.push(...group);
  }
  const [trainset, valset, testset] = parts as [Example[], Example[], Example[]];
  return { trainset, valset, testset };
}
