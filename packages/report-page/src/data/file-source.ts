import {
  decodeMatrix,
  type ExampleDetail,
  type PageData,
} from '../../../gepa-core/src/report-file/page-data.ts';
import type { ReflectionDetail } from '../../../gepa-core/src/run-data/run-data.ts';
import { jsonOf, unpack } from './blocks.ts';
import type { Source } from './source.ts';

/** The blocks of examples and reflections. */
interface BlockIndex {
  /** The first example of each block, ascending. */
  readonly examples: readonly number[];
  readonly reflections: readonly number[];
}

/** Reads the blocks of a report file. Each is unpacked when it is first read. */
export function fileSource(): Source {
  const whole = new Promise<void>((resolve) => {
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => resolve());
    else resolve();
  });
  const known = new Map<string, Promise<Uint8Array>>();
  const read = (name: string): Promise<Uint8Array> => {
    let block = known.get(name);
    if (block === undefined) {
      block = readBlock(name);
      known.set(name, block);
      // Keep only the last few blocks: those of a large run do not fit in memory.
      if (known.size > 12) known.delete(known.keys().next().value!);
    }
    return block;
  };
  const readBlock = async (name: string) => {
    const find = () => document.getElementById(`gepa-${name}`);
    if (find() === null) await whole;
    const element = find();
    if (element === null) throw new Error('This part of the report is missing; the file may be cut off.');
    return unpack(element.textContent);
  };
  const index = async () => jsonOf<BlockIndex>(await read('index'));
  const entry = async <Value>(kind: keyof BlockIndex, number: number): Promise<Value> => {
    const starts = (await index())[kind];
    const block = starts.findLastIndex((start) => start <= number);
    const values = jsonOf<Value[]>(await read(`${kind}-${block}`));
    return values[number - starts[block]!]!;
  };
  return {
    isLive: false,
    async first() {
      const [data, matrix] = await Promise.all([read('data'), read('scores')]);
      return { data: jsonOf<PageData>(data), matrix: decodeMatrix(matrix) };
    },
    example: (number) => entry<ExampleDetail>('examples', number),
    reflection: (number) => entry<ReflectionDetail>('reflections', number),
    subscribe() {},
  };
}
