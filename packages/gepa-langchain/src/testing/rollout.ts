import type { RunContext } from 'gepa-core';
import { seedCandidateOf } from 'gepa-core/adapter';
import { createAdapter, type Invocable } from '../adapter.ts';

/** The context of a rollout, outside of a run. */
export function rolloutContext(more: Partial<RunContext> = {}): RunContext {
  return {
    signal: new AbortController().signal,
    runId: 'run',
    iteration: 1,
    phase: 'minibatch',
    candidateIndex: 0,
    exampleId: 'train:0',
    ...more,
  };
}

/** Runs a program once, with its own texts; the options are those of its adapter. */
export function runSeed(program: unknown, input: unknown, options: object = {}) {
  const adapter = createAdapter({ program: program as Invocable, ...options });
  return adapter.run(seedCandidateOf(adapter.components), { input }, rolloutContext());
}
