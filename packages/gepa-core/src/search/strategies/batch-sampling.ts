import type { Random } from '../../statistics/random.ts';
import type { SearchView } from '../state/search-view.ts';

/** Samples minibatches. */
export interface BatchSampler {
  /** The positions of the next minibatch in the trainset. */
  next(request: {
    readonly trainsetSize: number;
    readonly minibatchSize: number;
    /** Counted from 1; several minibatches may be drawn in one iteration. */
    readonly iteration: number;
    readonly random: Random;
    /** The candidate that is run on the minibatch; undefined if the sampling strategy does not give it. */
    readonly parent?: number;
    /** The search, with the known scores of every candidate on the trainset. */
    readonly search: SearchView;
  }): readonly number[];
}

/** A batch sampler, or the name of one (reference: `batch_sampler`). */
export type BatchSamplerOption = 'reuse_measured' | 'epoch_shuffled' | BatchSampler;

/** Uses every example once per shuffled epoch; the least used examples pad the last minibatch, as in the reference. */
export function epochShuffled(): BatchSampler {
  let shuffled: number[] = [];
  let shuffledSize = 0;
  let epoch = -1;
  let iterationOfLastCall = 0;
  let callsInIteration = 0;

  return {
    next({ trainsetSize, minibatchSize, iteration, random }) {
      const start = (iteration - 1) * minibatchSize;
      callsInIteration = iteration === iterationOfLastCall ? callsInIteration + 1 : 0;
      iterationOfLastCall = iteration;

      const currentEpoch = Math.floor(start / Math.max(shuffled.length, 1));
      if (
        shuffled.length === 0 ||
        trainsetSize !== shuffledSize ||
        (callsInIteration === 0 && currentEpoch > epoch)
      ) {
        epoch = shuffled.length === 0 ? 0 : currentEpoch;
        shuffledSize = trainsetSize;
        shuffled = Array.from({ length: trainsetSize }, (_, position) => position);
        random.shuffle(shuffled);
        // Every example occurs once, so the padding (least used examples first, the last of them) is taken from the end.
        for (
          let i = trainsetSize;
          shuffled.length % minibatchSize !== 0;
          i = i === 1 ? trainsetSize : i - 1
        ) {
          shuffled.push(shuffled[i - 1]!);
        }
      }
      const offset = (start + callsInIteration * minibatchSize) % shuffled.length;
      return shuffled.slice(offset, offset + minibatchSize);
    },
  };
}
