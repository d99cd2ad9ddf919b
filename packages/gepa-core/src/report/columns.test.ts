import { expect, it } from 'vitest';
import { alignColumns } from './columns.ts';

it('alignColumns aligns the first column to the left and the others to the right', () => {
  expect(
    alignColumns([
      ['', 'calls', 'time'],
      ['minibatches', '1,200', '1m 05s'],
      ['seed', '8', ''],
    ]),
  ).toEqual(['             calls    time', 'minibatches  1,200  1m 05s', 'seed             8']);
  expect(alignColumns([])).toEqual([]);
});
