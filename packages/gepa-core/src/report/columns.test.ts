import { expect, it } from 'vitest';
import { columns } from './columns.ts';

it('sets the first column to the left and the others to the right', () => {
  expect(
    columns([
      ['', 'calls', 'time'],
      ['minibatches', '1,200', '1m 05s'],
      ['seed', '8', ''],
    ]),
  ).toEqual(['             calls    time', 'minibatches  1,200  1m 05s', 'seed             8']);
  expect(columns([])).toEqual([]);
});
