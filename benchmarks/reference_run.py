"""One measured run of the Python reference, in its own process: reference_run.py <valset size> <iterations>.

The same task as engine-run.ts: free rollouts, free proposals, the same scores.
"""

import json
import resource
import sys
import time

import gepa
from gepa.core.adapter import EvaluationBatch

MASK = 0xFFFFFFFF


def score_of(candidate: int, example: int) -> float:
    h = ((candidate + 1) * 0x9E3779B1 & MASK) ^ ((example + 1) * 0x85EBCA6B & MASK)
    h = ((h ^ (h >> 15)) * 0x2C1B3C6D) & MASK
    h = ((h ^ (h >> 12)) * 0x297A2D39) & MASK
    return ((h ^ (h >> 15)) % 8) / 8


class FreeAdapter:
    def __init__(self):
        self.proposals = 0

    def evaluate(self, batch, candidate, capture_traces=False):
        number = int(candidate["prompt"])
        scores = [score_of(number, example) for example in batch]
        return EvaluationBatch(
            outputs=scores, scores=scores, trajectories=[None] * len(batch) if capture_traces else None
        )

    def make_reflective_dataset(self, candidate, eval_batch, components_to_update):
        return {name: [{"score": score} for score in eval_batch.scores] for name in components_to_update}

    def propose_new_texts(self, candidate, reflective_dataset, components_to_update):
        self.proposals += 1
        return {"prompt": str(self.proposals)}


class AfterIterations:
    def __init__(self, limit):
        self.limit = limit

    def __call__(self, state):
        return state.i + 1 >= self.limit


class Silent:
    def log(self, message):
        pass


valset_size, iterations = map(int, sys.argv[1:])
started = time.perf_counter()
result = gepa.optimize(
    seed_candidate={"prompt": "0"},
    trainset=[1_000_000 + i for i in range(100)],
    valset=list(range(valset_size)),
    adapter=FreeAdapter(),
    reflection_lm=None,
    reflection_minibatch_size=3,
    stop_callbacks=AfterIterations(iterations),
    logger=Silent(),
    seed=0,
)
print(
    json.dumps(
        {
            "seconds": time.perf_counter() - started,
            "accepted": len(result.candidates) - 1,
            "best": result.best_idx,
            "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
