import { carryTexts, uncarry } from '../carry-texts.ts';
import type { NodeKind } from './node-kind.ts';

/** A program that was compiled before, with texts for its tunables, inside another one. */
export const carrier: NodeKind = {
  byConstructor: true,
  wraps: true,
  matches: (node) => uncarry(node).program !== node,
  parts: (node) => [{ at: ['program'], child: uncarry(node).program }],
  rebuild: (node, edits) => carryTexts(edits[0]!.value as object, uncarry(node).texts),
};
