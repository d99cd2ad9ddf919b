/**
 * A score for each pair of candidate and example, in steps of an eighth: uniform and unrelated, so that about half of
 * the proposals beat their parent and many candidates tie. `reference_run.py` computes the same.
 */
export function scoreOf(candidate: number, example: number): number {
  let h = (Math.imul(candidate + 1, 0x9e3779b1) ^ Math.imul(example + 1, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0;
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39) >>> 0;
  return (((h ^ (h >>> 15)) >>> 0) % 8) / 8;
}
