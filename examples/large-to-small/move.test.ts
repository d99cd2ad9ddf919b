// @module-tag slow
import { expect, it } from 'vitest';
import { moveToSmallModel } from './move.ts';

it('the small model agrees with the large one more often with the moved prompt, on mails that it has not seen', async () => {
  const report = await moveToSmallModel();
  expect(report.candidates.original.mean).toBeLessThan(0.4);
  expect(report.candidates.moved.mean).toBeGreaterThan(0.8);
  expect(report.compare('original', 'moved').verdict).toBe('better');
});
