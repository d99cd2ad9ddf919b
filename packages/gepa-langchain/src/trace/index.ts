export type { LooseText } from './attribution.ts';
export { type CurrentRun, currentRun } from './current-run.ts';
export { toPlain } from './plain.ts';
export { reflectiveRecords } from './records.ts';
export { toSteps } from './steps.ts';
export { RolloutTracer } from './tracer.ts';
