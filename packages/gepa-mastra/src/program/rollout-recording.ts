import { recordModelCall } from '../trace/record-model-call.ts';
import type { Recording } from './derivation.ts';
import { recordProcessors } from './record-processors.ts';
import { recordedMethod, recordRun, rolloutOptions } from './record-runs.ts';

/** What only rollouts need; the small entry for production does not import it. */
export const recording: Recording = {
  recordModelCall,
  recordProcessors,
  recordedMethod,
  recordRun,
  rolloutOptions,
};
