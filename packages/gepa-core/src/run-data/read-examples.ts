import { linesFrom } from '../journal/lines-from.ts';
import { builtin } from '../node/builtin.ts';
import type { ExampleData, RunData } from './run-data.ts';

const decoder = new TextDecoder();

/** The examples of a run, and the sets that they are in. */
export type Examples = Pick<RunData, 'examples' | 'trainset' | 'valset' | 'testset'>;

/** Reads `examples.jsonl`; undefined where there is none. */
export function readExamples(path: string): Examples | undefined {
  if (!builtin('node:fs', 'read the run on Node.').existsSync(path)) return undefined;
  const examples: ExampleData[] = [];
  const sets: Record<string, number[]> = {};
  for (const { bytes } of linesFrom(path)) {
    const { set, position, ...example } = JSON.parse(decoder.decode(bytes)) as ExampleData & {
      readonly set: string;
      readonly position: number;
    };
    sets[set] ??= [];
    sets[set][position] = example.example;
    examples[example.example] ??= example;
  }
  // An evaluation has one set, `example`.
  const { train = [], example = [], val = example, test = [] } = sets;
  return { examples, trainset: train, valset: val, testset: test };
}

/** A directory of version 3 of the format has only the ids of the examples that were run. */
export function examplesOf(ids: readonly string[]): Examples {
  const examples = Array.from(ids, (id, example) => ({ example, id: id ?? '' }));
  return { examples, trainset: [], valset: [], testset: [] };
}
