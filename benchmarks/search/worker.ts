import { parentPort } from 'node:worker_threads';
import { families } from './families/index.ts';
import { runOnce } from './run.ts';
import { searches } from './searches.ts';

/** One run, by names. */
export interface Job {
  readonly family: string;
  readonly search: string;
  readonly seed: number;
  readonly budget: number | undefined;
}

parentPort?.on('message', async ({ family: name, search, seed, budget }: Job) => {
  const family = families.find((candidate) => candidate.name === name)!;
  parentPort!.postMessage(
    await runOnce({ ...family, budget: budget ?? family.budget }, searches[search]!, seed),
  );
});
